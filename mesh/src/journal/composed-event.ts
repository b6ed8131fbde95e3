// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import type { NewMessage } from "../broker/new-message.ts";
import type { EventContract } from "../contracts/policy.ts";
import { headerFor, type MessageHeader } from "../header.ts";
import { writeHeader } from "../header-codec.ts";
import type { OpenSpan } from "../telemetry/open-span.ts";
import { inject, type TraceContext } from "../telemetry/propagation.ts";
import { startSendSpan } from "../telemetry/tracing.ts";

/** A message to store, and what is told of it when it is for others. */
export interface Composed {
  readonly message: NewMessage;
  readonly announced:
    | { readonly kind: "published" | "dispatched"; readonly header: MessageHeader; readonly span: OpenSpan }
    | undefined;
}

/** Who commits, because of what, and when. */
interface EventOrigin {
  /** Agent whose handler commits. */
  readonly source: string;
  /** Message that is being handled. */
  readonly cause: MessageHeader | undefined;
  readonly trace: TraceContext;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** An event of a commit. */
interface EventToCompose {
  readonly subject: string;
  readonly key: string;
  readonly type: DescMessage;
  readonly event: Message;
  readonly name: string;
  /** Set when others hear it. */
  readonly announced: Pick<EventContract, "priority"> | undefined;
}

/** Makes the message of one event of a commit. The span of one that others hear is to be ended when it is stored. */
export function composeEvent(
  { subject, key, type, event, name, announced }: EventToCompose,
  { source, cause, trace, now }: EventOrigin,
): Composed {
  const { priority } = announced ?? {};
  const header = headerFor(
    { sourceAgentId: source, messageType: type.typeName, name, timestamp: now, priority },
    cause,
  );
  const span = announced === undefined ? undefined : startSendSpan({ header, subject, parent: trace });
  const headers = new Map<string, string>();
  writeHeader(header, (field, value) => headers.set(field, value), { key, contentType: "application/protobuf" });
  inject(span?.context ?? trace, (field, value) => headers.set(field, value));
  const message = { subject, payload: toBinary(type, event), headers, id: header.messageId };
  return { message, announced: span === undefined ? undefined : { kind: "published", header, span } };
}
