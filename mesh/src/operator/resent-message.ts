// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Lane, laneIn } from "../broker/lane.ts";
import type { NewMessage } from "../broker/new-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import { dueHeader } from "../due.ts";
import type { Priority } from "../header.ts";
import { encodeHeaderValue } from "../header-codec.ts";
import { derivedId } from "../ids.ts";

/** One hearer of an event, or the method of a command. */
export type Recipient =
  | { readonly kind: "event"; readonly agent: string; readonly hearer: string; readonly domain: string }
  | { readonly kind: "command"; readonly method: string };

/** A message of EVENTS or COMMANDS that is sent once more. */
export interface Resending {
  readonly to: Recipient;
  /** Headers by lower-case name, as they were. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
  readonly key: string;
  /** Its id now: of a command one token of its subject. */
  readonly messageId: string;
  /** Subject that it stood on: tells its lane. */
  readonly stoodOn: string;
  /** Headers on top, with their plain values. */
  readonly added: ReadonlyMap<string, string>;
  /** Tells this sending from others of the same message: the broker keeps one of each. */
  readonly sending: readonly (string | number)[];
  /** Milliseconds since the epoch: what expires gets its whole time again. */
  readonly now: number;
}

/**
 * The message that a recipient gets once more. It keeps who said it, because of what, and its trace; its tries begin anew, and so
 * does its time, where it expires. What a journal wrote beside it stays behind.
 */
export function resentMessage(subjects: Subjects, resending: Resending): NewMessage {
  const { payload, now } = resending;
  const headers = new Map([...resending.headers].filter(([name]) => !/^(nats|parley)-/.test(name)));
  headers.set("ce-attempt", "1");
  const allowedMs = allowedTime(resending.headers);
  if (allowedMs !== undefined) headers.set("ce-expirytime", new Date(now + allowedMs).toISOString());
  headers.set("ce-subject", encodeHeaderValue(resending.key));
  for (const [name, value] of resending.added) headers.set(name, encodeHeaderValue(value));
  return { subject: subjectOf(subjects, resending), payload, headers, id: derivedId("resent", ...resending.sending) };
}

/** Milliseconds that it had, from when it was made or due; undefined when it never expires, or nobody can tell. */
function allowedTime(headers: ReadonlyMap<string, string>): number | undefined {
  const time = (name: string) => Date.parse(headers.get(name) ?? "");
  const began = Number.isNaN(time(dueHeader)) ? time("ce-time") : time(dueHeader);
  const allowedMs = time("ce-expirytime") - began;
  return allowedMs > 0 ? allowedMs : undefined;
}

function subjectOf(subjects: Subjects, { to, key, stoodOn, messageId }: Resending): string {
  const lane = laneIn(stoodOn);
  if (to.kind === "event")
    return subjects.outgoingEventTo({ agent: to.agent, hearer: to.hearer, lane }, to.domain, key);
  return subjects.outgoingCommand({ name: to.method, priority: priorityOf[lane], id: messageId, key });
}

const priorityOf: Readonly<Record<Lane, Priority>> = {
  critical: "CRITICAL",
  high: "HIGH",
  medium: "MEDIUM",
  low: "LOW",
};
