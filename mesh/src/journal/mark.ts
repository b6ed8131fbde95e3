// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { readLast } from "../broker/journal-stream.ts";
import type { NewMessage } from "../broker/new-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { newId } from "../ids.ts";

/** What a mark stands for: one commit of one handling of a message. */
export interface Marked {
  readonly subjects: Subjects;
  /** Whose journal stream holds it. */
  readonly domain: string;
  /** Agent that handled. */
  readonly source: string;
  readonly causeId: string;
}

/** A mark to be stored. */
interface NewMark extends Marked {
  /** As plain text. */
  readonly reply: string;
  /** Milliseconds after which it goes away. */
  readonly handledForMs: number;
}

/**
 * That a message was handled, with the reply, where no state event can carry it. Only one can be stored. Goes away by itself,
 * which is why it stands apart from all keys; until then it costs the broker about half a kilobyte of memory.
 */
export function markOf({ subjects, domain, source, causeId, reply, handledForMs }: NewMark): NewMessage {
  const subject = subjects.handledMark(domain, source, causeId);
  return {
    subject,
    payload: new TextEncoder().encode(reply),
    headers: new Map([["Nats-TTL", `${Math.ceil(handledForMs / 1000)}s`]]),
    id: newId(),
    expect: { filter: subject, lastSequence: 0 },
  };
}

/** The stored reply, as plain text; undefined when there is no mark. The leader is asked: a mark may be this instant's. */
export async function readMark(broker: Broker, marked: Marked): Promise<string | undefined> {
  const { subjects, domain, source, causeId } = marked;
  const of = subjects.handledMark(domain, source, causeId);
  const stored = await readLast(broker, streamNames(subjects.namespace).journal(domain), { of, certain: true });
  return stored === undefined ? undefined : new TextDecoder().decode(stored.payload);
}
