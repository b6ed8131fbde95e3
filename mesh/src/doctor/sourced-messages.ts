// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { streamInfo } from "../broker/ensure-stream.ts";
import { readSourceMark } from "../broker/sourcing.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import type { DurableSource } from "../broker/stream-configs.ts";
import { forwards, pages } from "../broker/stream-scan.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";

/** What one stream has of another: ids by the sequences that they had there. */
interface Taken {
  readonly from: number;
  readonly to: number;
  readonly ids: ReadonlyMap<number, string | undefined>;
}

const idHeader = "nats-msg-id";
/** Messages that are read at once. */
const atOnce = 1_000;
/** Messages of one stream that are remembered to find those that it took twice. */
const maxRemembered = 100_000;

/**
 * Whether EVENTS and COMMANDS hold each message of the journals under its id, as far as they go back. Only that proves that
 * nothing was skipped: after a rollback the numbers agree again one day. The other way round says nothing: a compaction
 * removes from journals what the others keep.
 */
export const sourcedMessages: Check = async (patient) => {
  const findings: Finding[] = [];
  for (const [stream, wanted] of patient.sources) {
    const byOrigin = new Map(wanted.map((source) => [source.origin, source]));
    const lost = new Map<string, number[]>();
    const doubles = new Doubles();
    for await (const [origin, taken] of takenBy(patient, stream, doubles)) {
      const source = byOrigin.get(origin);
      // A schedule that has fired is removed where it stood.
      if (source === undefined || !origin.startsWith(patient.names.journalPrefix)) continue;
      const missing = await missingIn(patient, source, taken);
      lost.set(origin, [...(lost.get(origin) ?? []), ...missing]);
    }
    for (const [origin, sequences] of lost)
      if (sequences.length > 0) findings.push(notSourced(stream, origin, sequences));
    if (doubles.count > 0) findings.push(doubled(stream, doubles.count));
  }
  return findings;
};

/** Page by page and origin by origin what a stream has taken; each goes on where the one before of that origin ended. */
async function* takenBy(
  { broker, sample }: Patient,
  stream: string,
  doubles: Doubles,
): AsyncGenerator<readonly [string, Taken]> {
  const info = await streamInfo(broker, stream);
  if (info === undefined) return;
  const { first_seq, last_seq } = info.state;
  const reached = new Map<string, number>();
  const from = Math.max(first_seq, last_seq - sample + 1);
  for await (const page of pages(broker, { stream, filter: ">", from, atOnce })) {
    for (const [origin, ids] of byOrigin(page, doubles)) {
      const sequences = [...ids.keys()];
      const [lowest, to] = [Math.min(...sequences), Math.max(...sequences)];
      const before = reached.get(origin);
      // A journal that was made anew begins again.
      const begin = before === undefined || lowest <= before ? lowest : before + 1;
      reached.set(origin, to);
      yield [origin, { from: begin, to, ids }];
    }
  }
}

/** Counts messages that are there a second time, as long as the first one is remembered. */
class Doubles {
  count = 0;
  readonly #seen = new Set<string>();

  see(what: string): void {
    if (this.#seen.has(what)) this.count++;
    this.#seen.add(what);
    const [oldest] = this.#seen.size > maxRemembered ? this.#seen : [];
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

function byOrigin(
  page: readonly StoredEntry[],
  doubles: Doubles,
): ReadonlyMap<string, Map<number, string | undefined>> {
  const origins = new Map<string, Map<number, string | undefined>>();
  for (const message of page) {
    const mark = readSourceMark(message.headers.get("nats-stream-source"));
    if (mark === undefined) continue;
    doubles.see(`${mark.origin} ${mark.sequence} ${message.headers.get(idHeader)}`);
    const ids = origins.get(mark.origin) ?? new Map<number, string | undefined>();
    origins.set(mark.origin, ids.set(mark.sequence, message.headers.get(idHeader)));
  }
  return origins;
}

async function missingIn({ broker }: Patient, source: DurableSource, { from, to, ids }: Taken): Promise<number[]> {
  const missing: number[] = [];
  const query = { stream: source.origin, filter: source.transform.src, from, to, atOnce };
  for await (const { sequence, headers } of forwards(broker, query)) {
    if (!ids.has(sequence) || ids.get(sequence) !== headers.get(idHeader)) missing.push(sequence);
  }
  return missing;
}

function notSourced(where: string, origin: string, sequences: readonly number[]): Finding {
  const [first, last] = [Math.min(...sequences), Math.max(...sequences)];
  return {
    severity: "error",
    code: "event-not-sourced",
    where,
    what: `${sequences.length} message(s) of "${origin}" between ${first} and ${last} are not in it: they were never heard, or removed.`,
    next: "Publish anew what must still be heard; if nobody removed them, the journal was rolled back: see docs/operations.md.",
  };
}

function doubled(where: string, count: number): Finding {
  return {
    severity: "warning",
    code: "event-doubled",
    where,
    what: `It holds ${count} message(s) twice: whoever does not notice by their ids hears them twice.`,
    next: 'It was restored without a restart of the broker before the journals; see docs/operations.md, "Backup and restore".',
  };
}
