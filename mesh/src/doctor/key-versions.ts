// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { streamInfo } from "../broker/ensure-stream.ts";
import { readLast } from "../broker/journal-stream.ts";
import { keyOfToken } from "../broker/key-token.ts";
import { firstOf, type StoredEntry } from "../broker/stored-entry.ts";
import { forwards } from "../broker/stream-scan.ts";
import { journalHeader } from "../journal/journal-header.ts";
import { decodePlain } from "../journal/plain-text.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";

/** Findings of one journal stream; more of the same say nothing new. */
const maxFindings = 10;
/** Keys whose beginning is looked at, where not all are. */
const maxBeginnings = 20;

/** One key of one journal, by its tokens in subjects. */
interface Key {
  readonly journal: string;
  readonly key: string;
  first: number;
  last: number;
}

/** Whether the events of each key are whole: numbered without a hole, from 1 or from what a snapshot covers. */
export const keyVersions: Check = async (patient) => {
  const findings = await Promise.all(patient.domains.map((domain) => ofDomain(patient, domain)));
  return findings.flat();
};

async function ofDomain(patient: Patient, domain: string): Promise<readonly Finding[]> {
  const { broker, subjects, names, sample } = patient;
  const stream = names.journal(domain);
  const info = await streamInfo(broker, stream);
  if (info === undefined) return [];
  const findings: Finding[] = [];
  const keys = new Map<string, Key>();
  const from = Math.max(info.state.first_seq, info.state.last_seq - sample + 1);
  const query = { stream, filter: subjects.stateOfDomain(domain), from, atOnce: 1_000 };
  for await (const entry of forwards(broker, query)) {
    const problem = count(keys, entry);
    if (problem !== undefined) findings.push(hole(stream, problem));
  }
  const isWhole = from <= info.state.first_seq;
  const begun = [...keys.values()].filter(({ first }) => first > 1);
  for (const key of isWhole ? begun : begun.slice(-maxBeginnings)) {
    const problem = await beginning(patient, { domain, stream, key });
    if (problem !== undefined) findings.push(hole(stream, problem));
  }
  return shortened(stream, findings);
}

/** Counts an event in; says what is wrong with its number. */
function count(keys: Map<string, Key>, entry: StoredEntry): string | undefined {
  const [, , , , journal = "", key = ""] = entry.subject.split(".");
  const text = entry.headers.get(journalHeader.version);
  const version = Number(text);
  const name = named({ journal, key });
  if (text === undefined || !Number.isInteger(version) || version < 1) {
    return `Sequence ${entry.sequence} of ${name} has no version: it is no event of a journal.`;
  }
  const id = `${journal}.${key}`;
  const before = keys.get(id);
  if (before === undefined) {
    keys.set(id, { journal, key, first: version, last: version });
    return undefined;
  }
  const expected = before.last + 1;
  before.last = Math.max(before.last, version);
  if (version === expected) return undefined;
  return version < expected
    ? `Event ${version} of ${name} is there twice: again as sequence ${entry.sequence}.`
    : `Of ${name} the event(s) ${expected} to ${version - 1} are missing before sequence ${entry.sequence}.`;
}

/** What is wrong with the first event of a key that is left. */
async function beginning(
  { broker, subjects, names }: Patient,
  { domain, stream, key }: { readonly domain: string; readonly stream: string; readonly key: Key },
): Promise<string | undefined> {
  const filter = `${subjects.stateOfDomain(domain).slice(0, -1)}${key.journal}.${key.key}.>`;
  const first = await firstOf(broker, names.journal(domain), { filter, from: 1 });
  const version = Number(first?.headers.get(journalHeader.version));
  if (first === undefined || version <= 1) return undefined;
  const snapshot = await readLast(broker, stream, { of: snapshotOf(filter), certain: true });
  if (snapshot === undefined)
    return `Of ${named(key)} the events before ${version} are missing, and no snapshot covers them.`;
  const covered = coveredBy(snapshot.payload);
  if (covered === undefined)
    return `The snapshot of ${named(key)} cannot be read, and the events before ${version} are gone.`;
  if (covered >= version - 1) return undefined;
  return `Of ${named(key)} the event(s) ${covered + 1} to ${version - 1} are missing behind its snapshot.`;
}

/** Where the snapshot of the key of a state filter stands. */
function snapshotOf(stateFilter: string): string {
  const [namespace, jrn, domain, , journal, key] = stateFilter.split(".");
  return [namespace, jrn, domain, "snap", journal, key].join(".");
}

function coveredBy(payload: Uint8Array): number | undefined {
  try {
    const snapshot = decodePlain(new TextDecoder().decode(payload)) as { readonly version?: unknown } | null;
    return typeof snapshot?.version === "number" ? snapshot.version : undefined;
  } catch {
    return undefined;
  }
}

function named({ journal, key }: Pick<Key, "journal" | "key">): string {
  return `key "${keyOfToken(key)}" of journal "${journal}"`;
}

function hole(where: string, what: string): Finding {
  const next =
    "Write no more to the key; restore all streams of one backup, which the versions of no other replica can replace.";
  return { severity: "error", code: "journal-hole", where, what, next };
}

function shortened(where: string, findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= maxFindings) return findings;
  const more = hole(where, `${findings.length - maxFindings} more of the same.`);
  return [...findings.slice(0, maxFindings), more];
}
