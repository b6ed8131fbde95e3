// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import type { Broker } from "../broker/connection.ts";
import { lastSequence } from "../broker/journal-stream.ts";
import { storedAt } from "../broker/new-message.ts";
import { isForOneHearer } from "../broker/read-subject.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { openMessage } from "../delivery/open-message.ts";
import type { Incoming } from "../pipeline/incoming.ts";

/** An event in a mailbox. */
export interface Mail {
  readonly payload: Uint8Array;
  /** Of EVENTS. */
  readonly sequence: number;
}

/** What is looked for. */
export interface MailQuery {
  readonly event: DescMessage;
  readonly key: string;
  /** Sequence of EVENTS behind which it is looked. */
  readonly after: number;
  /** Sequences that were taken already. */
  readonly taken: ReadonlySet<number>;
}

/** Events with one key that are looked through for the one that began a saga; then the place of its delivery counts. */
const maxLooks = 100;

/**
 * The mailboxes of sagas. They are EVENTS itself, from where each saga began: nothing is stored for a saga that may never
 * ask, and nothing is missed as long as EVENTS keeps it. The leader is asked: what was stored this instant counts.
 */
export class Mailbox {
  readonly #broker: Broker;
  readonly #subjects: Subjects;
  readonly #stream: string;

  constructor(broker: Broker, subjects: Subjects) {
    this.#broker = broker;
    this.#subjects = subjects;
    this.#stream = streamNames(subjects.namespace).events;
  }

  /** The first event that fits; one that cannot be read is passed over, since its hearers bury it. */
  async find({ event, key, after, taken }: MailQuery): Promise<Mail | undefined> {
    const filter = this.#subjects.heardEventOf(event.typeName, key);
    for (let seq = after + 1; ; ) {
      const stored = await storedAt(this.#broker, this.#stream, { seq, next_by_subj: filter });
      if (stored === undefined) return undefined;
      seq = stored.seq + 1;
      if (taken.has(stored.seq)) continue;
      const headers = new Map(stored.header.keys().map((name) => [name.toLowerCase(), stored.header.last(name)]));
      try {
        const { message } = openMessage({ subject: stored.subject, headers, payload: stored.data }, event);
        return { payload: toBinary(event, message), sequence: stored.seq };
      } catch {}
    }
  }

  /** The newest sequence now. */
  newest(): Promise<number> {
    return lastSequence(this.#broker, this.#stream);
  }

  /** Where the event that is handled stands, as it was first published: a repetition for one hearer stands later. */
  async placeOf({ pulled, header, message, operation }: Incoming, key: string): Promise<number> {
    if (pulled === undefined) return this.newest();
    const delivered = await storedAt(this.#broker, this.#stream, { seq: pulled.sequence });
    if (delivered !== undefined && !isForOneHearer(delivered.subject)) return pulled.sequence;
    const filter = this.#subjects.heardEventOf(message.$typeName ?? operation.name, key);
    for (let seq = 1, looks = 0; looks < maxLooks; looks++) {
      const stored = await storedAt(this.#broker, this.#stream, { seq, next_by_subj: filter });
      if (stored === undefined) break;
      if (stored.header.get("ce-id") === header.messageId) return stored.seq;
      seq = stored.seq + 1;
    }
    return pulled.sequence;
  }
}
