// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toBinary } from "@bufbuild/protobuf";
import type { NewMessage } from "../broker/new-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import { dueHeader } from "../due.ts";
import { headerFor, type MessageHeader } from "../header.ts";
import { encodeHeaderValue, writeHeader } from "../header-codec.ts";
import { newId } from "../ids.ts";
import type { OpenSpan } from "../telemetry/open-span.ts";
import { inject, type TraceContext } from "../telemetry/propagation.ts";
import { startSendSpan } from "../telemetry/tracing.ts";
import type { CommandRequest } from "./command-request.ts";

/** Header of a command that was dispatched together with others: what they are listed by. */
export const batchHeader = "parley-batch";

/** Who dispatches a command, when, and from which journal it leaves. */
export interface CommandOrigin {
  readonly subjects: Subjects;
  /** Proto package of the journal. */
  readonly domain: string;
  readonly source: string;
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Default: a new one. */
  readonly messageId?: string | undefined;
  readonly conversationId?: string | undefined;
}

/** A command as it is stored. The span is to be ended when it is. */
export interface CommandMessage {
  readonly message: NewMessage;
  readonly header: MessageHeader;
  readonly span: OpenSpan;
}

/** Makes the message of a command. It expires by its contract, counted from when it is due, not by whoever's timeout. */
export function commandMessage(command: CommandRequest, origin: CommandOrigin): CommandMessage {
  const { contract, request, priority, due } = command;
  const { subjects, domain, now } = origin;
  const header = headerFor(
    {
      messageId: command.repeatId?.(origin.source) ?? origin.messageId,
      sourceAgentId: origin.source,
      targetAgentId: contract.agent,
      conversationId: origin.conversationId,
      messageType: contract.desc.input.typeName,
      name: contract.name,
      timestamp: now,
      priority,
      expires: (due ?? now) + contract.command.expiresAfterMs,
    },
    origin.cause,
  );
  const key = command.key ?? header.messageId;
  const subject = subjects.outgoingCommand({ name: contract.name, priority, id: header.messageId, key }, domain);
  const span = startSendSpan({ header, subject, parent: origin.trace });
  const headers = new Map<string, string>();
  writeHeader(header, (name, value) => headers.set(name, value), { key, contentType: "application/protobuf" });
  if (command.batchId !== undefined) headers.set(batchHeader, encodeHeaderValue(command.batchId));
  if (due !== undefined) headers.set(dueHeader, new Date(due).toISOString());
  inject(span.context, (name, value) => headers.set(name, value));
  const payload = toBinary(contract.desc.input, request);
  // The broker drops what has an id that it knows, and a whole commit with it; of repeats the runner alone decides.
  const id = command.repeatId === undefined ? header.messageId : newId();
  return { message: { subject, payload, headers, id }, header, span };
}
