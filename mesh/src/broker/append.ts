// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { StoredMsg } from "@nats-io/jetstream";
import { payloadDigest } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { type AppendAnswer, tryAppend } from "./append-answer.ts";
import { meaningOf } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import {
  type Appended,
  digestHeader,
  headersOf,
  type NewMessage,
  ownMessageAfter,
  refuseLarge,
  storedAt,
  unavailable,
} from "./new-message.ts";
import { underWay } from "./traffic.ts";

/** Longer than the loss of a leader takes. */
const patienceMs = 20_000;
const pauseMs = 100;

/** Stores one message, as `Appender.append` says. */
export async function append(broker: Broker, message: NewMessage): Promise<Appended> {
  const headers = headersOf(message);
  refuseLarge(broker, message, headers);
  const deadline = Date.now() + patienceMs;
  let inDoubt = false;
  for (;;) {
    const answer = await tryAppend(broker, { ...message, headers });
    const settled = await settle(broker, { message, answer, inDoubt });
    if (settled !== undefined) return settled;
    inDoubt ||= answer.kind === "silence";
    if (answer.kind === "closed" || Date.now() > deadline) throw unavailable(message, answer, inDoubt);
    await underWay(broker, message.subject, delay(pauseMs * (1 + Math.random())));
  }
}

interface Attempt {
  readonly message: NewMessage;
  readonly answer: AppendAnswer;
  /** An earlier attempt may have been stored. */
  readonly inDoubt: boolean;
}

/** What an answer means; undefined: try again. */
async function settle(broker: Broker, { message, answer, inDoubt }: Attempt): Promise<Appended | undefined> {
  if (answer.kind === "stored") {
    const { stream, sequence, duplicate } = answer;
    if (duplicate) assertSame(message, await storedAt(broker, stream, { seq: sequence }));
    return { sequence, duplicate };
  }
  if (answer.kind !== "refused") return undefined;
  const code = meaningOf(answer.errorCode, 0);
  if (code === "CONFLICT" && inDoubt && message.expect !== undefined) {
    // One server refuses the repetition of an append that it has stored: what it says changed is one's own message.
    const sequence = await ownMessageAfter(broker, answer.stream, message);
    if (sequence !== undefined) return { sequence, duplicate: true };
  }
  const text = `"${message.id}" on "${message.subject}" was not stored (${answer.errorCode}): ${answer.reason}`;
  throw new MeshError({ code, message: text, mayHaveRun: inDoubt && code !== "CONFLICT" });
}

function assertSame(message: NewMessage, stored: StoredMsg | undefined): void {
  // Gone meanwhile: it was handled and compacted away, hence it was this one.
  if (stored === undefined) return;
  const { subject, payload, id } = message;
  if (stored.subject === subject && stored.header.get(digestHeader) === payloadDigest(payload)) return;
  const text = `id "${id}" on "${subject}" belongs to another message, stored on "${stored.subject}" as ${stored.seq}`;
  throw new MeshError({ code: "MESSAGE_ID_REUSED", message: text });
}
