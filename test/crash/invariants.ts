// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { LedgerLine } from "./ledger.ts";
import type { StoredEvent, StreamRecord } from "./record.ts";
import type { Step } from "./steps.ts";
import { house } from "./teller-agents.ts";

/** What went wrong: the invariant, and the facts. */
export type Violation = string;

/** Hearers by the type that they hear. */
const hearers: Readonly<Record<string, readonly string[]>> = {
  MoneyDeposited: ["tally"],
  MoneyWithdrawn: [],
  MoneyTransferred: ["fee"],
  NoteTaken: ["mail"],
  NoteMailed: ["archive"],
};

/** What a run left behind. */
export interface Remains {
  /** What the client did. */
  readonly steps: readonly Step[];
  readonly record: StreamRecord;
  readonly ledger: readonly LedgerLine[];
}

/**
 * Checks what a run left behind: the ledger against the streams, and the streams against each other. Nothing that the agents
 * count or say about themselves is used.
 */
export function violationsOf({ steps, record, ledger }: Remains): readonly Violation[] {
  const found: Violation[] = [];
  const expect = (holds: boolean, text: string) => {
    if (!holds) found.push(text);
  };
  for (const step of steps) checkStep(step, { record, ledger, expect });
  checkBalances(steps, { record, ledger, expect });
  checkConservation({ record, ledger, expect });
  checkKeys({ record, ledger, expect });
  return found;
}

interface Check {
  readonly record: StreamRecord;
  readonly ledger: readonly LedgerLine[];
  readonly expect: (holds: boolean, text: string) => void;
}

/** I1: what was acknowledged happened. I2: nothing happened twice. I3: every client has one definite answer. */
function checkStep(step: Step, { record, ledger, expect }: Check): void {
  const { reference } = step;
  const answers = ledger.flatMap((line) =>
    line.kind === "answer" && line.reference === reference ? [line.answer] : [],
  );
  const count = (type: string, as = reference) =>
    record.events.filter((event) => event.type === type && Object.values(event.fields).includes(as)).length;
  const exactly = (type: string, wanted: number, as = reference) => {
    const actual = count(type, as);
    const invariant = actual > wanted ? "I2" : "I1";
    expect(actual === wanted, `${invariant}: ${actual} ${type} of "${as}", expected ${wanted}`);
  };
  if (step.kind === "note") {
    const taken = count("NoteTaken");
    // A publish from outside of a handler that got no answer has no key to be repeated under: it may be stored or not.
    const least = answers.length > 0 ? 1 : 0;
    expect(taken >= least && taken <= 1, `I1: ${taken} NoteTaken of "${reference}", answered ${answers.length} times`);
    const isMailed = taken > 0 && !reference.startsWith("poison");
    exactly("NoteMailed", isMailed ? 1 : 0);
    const mails = ledger.flatMap((line) => (line.kind === "mail" && line.note === reference ? [line.id] : []));
    expect(new Set(mails).size === (isMailed ? 1 : 0), `I2: "${reference}" was mailed under ids ${mails.join(", ")}`);
    return;
  }
  expect(answers.length > 0, `I3: "${reference}" has no answer`);
  const different = new Set(answers.map((answer) => JSON.stringify(answer)));
  expect(different.size <= 1, `I3: "${reference}" has answers ${[...different].join(" and ")}`);
  const done = step.kind === "deposit" || answers[0]?.["done"] === true ? 1 : 0;
  exactly("MoneyDeposited", done);
  exactly("MoneyWithdrawn", step.kind === "transfer" ? done : 0);
  exactly("MoneyTransferred", step.kind === "transfer" ? done : 0);
  exactly("MoneyDeposited", step.kind === "transfer" ? done : 0, `fee-${reference}`);
}

/** I3: what was answered adds up to what is there. */
function checkBalances(steps: readonly Step[], { record, ledger, expect }: Check): void {
  const wanted = new Map<string, number>();
  const add = (account: string, amount: number) => wanted.set(account, (wanted.get(account) ?? 0) + amount);
  for (const step of steps) {
    const line = ledger.find((each) => each.kind === "answer" && each.reference === step.reference);
    if (line?.kind !== "answer") continue;
    if (step.kind === "deposit") add(step.account, step.amount);
    if (step.kind === "transfer" && line.answer["done"] === true) {
      add(step.from, -step.amount);
      add(step.to, step.amount);
      add(house, 1);
    }
  }
  for (const [key, history] of histories(record)) {
    const [journal, account = ""] = key.split("/");
    if (journal !== "accounts") continue;
    const balance = history.reduce((sum, event) => sum + effectOf(event), 0);
    expect(balance === (wanted.get(account) ?? 0), `I3: "${account}" has ${balance}, answered ${wanted.get(account)}`);
  }
}

/** I8: each event that a journal took is in EVENTS once, and each of its hearers handled it once or gave it up once. */
function checkConservation({ record, expect }: Check): void {
  const ids = record.events.map(({ id }) => id);
  expect(new Set(ids).size === ids.length, "I8: EVENTS holds an event twice");
  for (const { id, type, subject } of record.journal) {
    const announced = subject.includes(".evt.");
    expect(!announced || ids.includes(id), `I8: ${type} ${id} of the journal is missing in EVENTS`);
  }
  const effects = new Map([...record.journal, ...record.events].map((event) => [event.id, event]));
  for (const event of record.events) {
    for (const hearer of hearers[event.type] ?? []) {
      const handled = [...effects.values()].filter(({ cause }) => cause === event.id).length;
      const letters = record.dead.filter((each) => each.sequence === event.sequence && each.hearer === hearer);
      const dead = letters.length;
      const why = letters.map((letter) => ` (${letter.why})`).join();
      const shown = `${handled} times handled, ${dead} times given up${why}`;
      const isPoison = String(event.fields["note"]).startsWith("poison");
      const holds = isPoison ? handled === 0 && dead === 1 : handled === 1 && dead === 0;
      expect(holds, `I8: ${event.type} ${event.sequence} by "${hearer}": ${shown}`);
    }
  }
}

/** I9: versions from 1 without a gap, and snapshots that say what they replay to. I10: effects in the order of versions. */
function checkKeys({ record, expect }: Check): void {
  const all = histories(record);
  for (const [key, history] of all) {
    const versions = history.map(({ place }) => place?.version);
    const isWhole = versions.every((version, index) => version === index + 1);
    expect(isWhole, `I9: "${key}" has versions ${versions.join(" ")}`);
  }
  for (const stored of [record.journal, record.events]) {
    const last = new Map<string, number>();
    for (const { place } of stored) {
      if (place === undefined) continue;
      const key = `${place.journal}/${place.key}`;
      expect(place.version > (last.get(key) ?? 0), `I10: "${key}" has event ${place.version} behind ${last.get(key)}`);
      last.set(key, place.version);
    }
  }
  for (const { place, version, state } of record.snapshots) {
    const history = (all.get(place) ?? []).slice(0, version);
    const replayed = history.reduce((sum, event) => sum + effectOf(event), 0);
    const said = state["balance"] ?? state["count"];
    expect(replayed === said, `I9: snapshot of "${place}" at ${version} says ${said}, its events ${replayed}`);
  }
  for (const [key, history] of all) {
    const kept = record.journal.filter(({ place }) => place !== undefined && `${place.journal}/${place.key}` === key);
    const newest = Math.max(0, ...record.snapshots.filter(({ place }) => place === key).map(({ version }) => version));
    const first = kept[0]?.place?.version ?? Number.POSITIVE_INFINITY;
    expect(kept.at(-1)?.place?.version === history.length, `I9: the last event of "${key}" is not in its journal`);
    expect(first <= newest + 1, `I9: "${key}" keeps events from ${first}, its newest snapshot is of ${newest}`);
  }
}

function effectOf({ type, fields }: StoredEvent): number {
  if (type === "TallyCounted") return 1;
  return Number(fields["amount"]) * (type === "MoneyWithdrawn" ? -1 : 1);
}

/** Events of each key by version, from where they are still kept: EVENTS has those that a compaction took from the journal. */
function histories({ journal, events }: StreamRecord): Map<string, StoredEvent[]> {
  const byId = new Map([...journal, ...events].map((event) => [event.id, event]));
  const found = new Map<string, StoredEvent[]>();
  for (const event of byId.values()) {
    if (event.place === undefined) continue;
    const key = `${event.place.journal}/${event.place.key}`;
    found.set(key, [...(found.get(key) ?? []), event]);
  }
  for (const history of found.values())
    history.sort((one, other) => (one.place?.version ?? 0) - (other.place?.version ?? 0));
  return found;
}
