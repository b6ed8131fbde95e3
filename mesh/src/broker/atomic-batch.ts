// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { nuid } from "@nats-io/transport-node";
import { MeshError } from "../mesh-error.ts";
import { append } from "./append.ts";
import { tryAppend } from "./append-answer.ts";
import { meaningOf } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { Gate } from "./gate.ts";
import { type Appended, headersOf, type NewMessage, ownMessageAfter, refuseLarge, unavailable } from "./new-message.ts";
import { underWay } from "./traffic.ts";

/** Most messages of one batch; the broker's limit. */
export const maxBatch = 1_000;

/** Longer than the loss of a leader takes. */
const patienceMs = 20_000;
const pauseMs = 50;

/**
 * Batches that one process has in progress. The broker keeps 50 of a stream open, those of all processes together, and
 * refuses the rest: waiting here is cheaper than trying again, and it never waits long, since one node stores one after the
 * other anyway.
 */
const maxOpen = 12;
const gates = new WeakMap<Broker, Gate>();

/** The broker's word for: the id of a message of the batch is stored already; it stores none of them. */
const idsAreStored = 10201;
/** The broker's words for: the batch was not begun, since too many are open, or was forgotten half-way. It has not run. */
const notBegun: ReadonlySet<number> = new Set([10176, 10210]);

/**
 * Stores several messages of one stream, all or none. While the broker gives no definite answer the batch is repeated under
 * the same ids. Where nothing is expected and the ids of some are stored already, by a sender that had fewer then, the others
 * are stored one by one.
 *
 * @returns where each is stored; sequence 0 when it is known only that they are
 * @throws MeshError as Appender.append does; TOO_LARGE also for more than {@link maxBatch} messages
 */
export async function appendBatch(broker: Broker, messages: readonly NewMessage[]): Promise<readonly Appended[]> {
  if (messages.length > maxBatch) {
    const message = `${messages.length} messages in one batch; at most ${maxBatch} can be stored together`;
    throw new MeshError({ code: "TOO_LARGE", message });
  }
  for (const message of messages) refuseLarge(broker, message, headersOf(message));
  const gate = gates.get(broker) ?? new Gate(maxOpen);
  gates.set(broker, gate);
  return gate.run(() => storeBatch(broker, messages));
}

async function storeBatch(broker: Broker, messages: readonly NewMessage[]): Promise<readonly Appended[]> {
  const [first] = messages;
  if (first === undefined) return [];
  const deadline = Date.now() + patienceMs;
  for (let inDoubt = false; ; ) {
    const answer = await sendBatch(broker, messages);
    if (answer.kind === "stored") return positions(messages, answer.sequence - messages.length + 1, false);
    if (answer.kind === "refused" && !notBegun.has(answer.errorCode)) {
      const code = meaningOf(answer.errorCode, 0);
      const doubtful = answer.errorCode === idsAreStored || (code === "CONFLICT" && inDoubt);
      const own = doubtful ? await ownPosition(broker, answer.stream, messages) : undefined;
      if (own !== undefined) return positions(messages, own, true);
      if (answer.errorCode === idsAreStored) return partlyStored(broker, messages, inDoubt);
      const text = `batch of ${messages.length} on "${first.subject}" was not stored (${answer.errorCode}): ${answer.reason}`;
      throw new MeshError({ code, message: text, mayHaveRun: inDoubt && code !== "CONFLICT" });
    }
    inDoubt ||= answer.kind === "silence";
    if (answer.kind === "closed" || Date.now() > deadline) throw unavailable(first, answer, inDoubt);
    await underWay(broker, first.subject, delay(pauseMs * (1 + Math.random())));
  }
}

/**
 * A batch of which at least one id is stored. One that expects something, of which an earlier attempt may be stored, is stored as
 * a whole then, and what followed its expectation is compacted away; of one that expects nothing, each is looked at by itself.
 */
async function partlyStored(
  broker: Broker,
  messages: readonly NewMessage[],
  inDoubt: boolean,
): Promise<readonly Appended[]> {
  if (messages.some(({ expect }) => expect !== undefined)) {
    if (inDoubt) return messages.map(() => ({ sequence: 0, duplicate: true }));
    const ids = messages.map(({ id, subject }) => `"${id}" on "${subject}"`).join(", ");
    const message = `of the batch ${ids} an id belongs to another message, so nothing of it was stored`;
    throw new MeshError({ code: "MESSAGE_ID_REUSED", message });
  }
  const stored: Appended[] = [];
  for (const message of messages) stored.push(await append(broker, message));
  return stored;
}

/** Sends the whole batch in one go: a batch that is open for long keeps others out. */
async function sendBatch(broker: Broker, messages: readonly NewMessage[]) {
  const { connection } = broker;
  const batch = nuid.next();
  for (const [index, message] of messages.entries()) {
    const { subject, payload } = message;
    const headers = headersOf(message);
    headers.set("Nats-Batch-Id", batch);
    headers.set("Nats-Batch-Sequence", String(index + 1));
    if (index === messages.length - 1) {
      headers.set("Nats-Batch-Commit", "1");
      return tryAppend(broker, { subject, payload, headers });
    }
    if (connection.isClosed()) break;
    connection.publish(subject, payload, { headers });
  }
  return { kind: "closed", reason: "the connection is closed" } as const;
}

/** Sequence of the batch's first message, when the message after an expectation is the batch's own. */
async function ownPosition(
  broker: Broker,
  stream: string,
  messages: readonly NewMessage[],
): Promise<number | undefined> {
  for (const [index, message] of messages.entries()) {
    const sequence = message.expect === undefined ? undefined : await ownMessageAfter(broker, stream, message);
    if (sequence !== undefined) return sequence - index;
  }
  return undefined;
}

function positions(messages: readonly NewMessage[], first: number, duplicate: boolean): readonly Appended[] {
  return messages.map((_, index) => ({ sequence: first + index, duplicate }));
}
