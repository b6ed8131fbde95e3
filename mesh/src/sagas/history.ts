// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type SagaRecord,
  SagaRecordedSchema,
  SagaRecordSchema,
  type SagaStarted,
  SagaStatus,
  SagaWaitersChangedSchema,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { defineJournal, type Journal } from "../journal/define-journal.ts";

/** A saga as its history tells of it; made of plain data. */
export interface SagaState {
  /** Number of the run; 0: it never began. */
  readonly run: number;
  readonly status: SagaStatus;
  /** Whether its code is over and what it did is being undone. */
  readonly isTurned: boolean;
  readonly isParked: boolean;
  /** Message because of which it was driven last. */
  readonly driver: string;
  /** Times that it was driven on; grows. Who drives it relies on it. */
  readonly position: number;
  /** Times that somebody else wanted something of it in this run. */
  readonly asked: number;
  readonly isCanceled: boolean;
  /** Messages that began its latest runs, newest last. */
  readonly starts: readonly string[];
  /** History of this run. */
  readonly records: readonly SagaRecord[];
}

const none: SagaState = {
  run: 0,
  status: SagaStatus.UNSPECIFIED,
  isTurned: false,
  isParked: false,
  driver: "",
  position: 0,
  asked: 0,
  isCanceled: false,
  starts: [],
  records: [],
};

/** Starts that are remembered: an event that comes again begins no second run. */
const maxStarts = 100;

/** A record as it is written. */
export type RecordInit = NonNullable<MessageInitShape<typeof SagaRecordSchema>["what"]>;

/** Makes a record. @param at milliseconds since the epoch */
export function recordOf(what: RecordInit, at: number): SagaRecord {
  return create(SagaRecordSchema, { at: timestampFromMs(at), what });
}

/** The state after one more record. */
function withRecord(state: SagaState, record: SagaRecord): SagaState {
  const { what } = record;
  const records = [...state.records, record];
  switch (what.case) {
    case "started":
      return {
        ...none,
        run: what.value.run,
        status: SagaStatus.RUNNING,
        position: state.position,
        driver: state.driver,
        starts: [...state.starts, what.value.startId].slice(-maxStarts),
        records: [record],
      };
    case "parked":
      return { ...state, records, isParked: true };
    case "turned":
      return { ...state, records, isTurned: true, status: SagaStatus.COMPENSATING };
    case "over":
      return { ...state, records, status: what.value.status };
    case "asked":
      return asked({ ...state, records, asked: state.asked + 1 }, what.value.what.case);
    default:
      return { ...state, records };
  }
}

/** What somebody wants takes effect when the saga is driven on; a saga that stands is made ready for that. */
function asked(state: SagaState, what: "cancel" | "retry" | "resolve" | "childEnded" | undefined): SagaState {
  const stands = state.status === SagaStatus.NEEDS_ATTENTION;
  switch (what) {
    case "cancel":
      // A completed one goes back when its parent is undone.
      return state.status === SagaStatus.COMPLETED
        ? { ...state, isCanceled: true, isTurned: false, status: SagaStatus.RUNNING, isParked: true }
        : { ...state, isCanceled: true, ...(stands ? { status: goingOn(state), isParked: true } : {}) };
    case "retry":
      return { ...state, status: goingOn(state), isParked: true };
    case "resolve":
      return { ...state, status: SagaStatus.RESOLVED };
    default:
      return state;
  }
}

/** The state of a saga that is about to run anew: of the run before counts only what tells whether somebody else was faster. */
export function anew({ position, asked: times, starts }: SagaState): SagaState {
  return { ...none, position, asked: times, starts, status: SagaStatus.RUNNING };
}

function goingOn({ isTurned }: SagaState): SagaStatus {
  return isTurned ? SagaStatus.COMPENSATING : SagaStatus.RUNNING;
}

/** Whether nothing will happen to it any more by itself. */
export function isOver({ status }: SagaState): boolean {
  return status === SagaStatus.COMPLETED || status === SagaStatus.COMPENSATED || status === SagaStatus.RESOLVED;
}

/** How the run began. */
export function startOf({ records }: SagaState): SagaStarted | undefined {
  const what = records[0]?.what;
  return what?.case === "started" ? what.value : undefined;
}

const histories = new Map<string, Journal<SagaState, typeof SagaRecordedSchema>>();

/** The journal of the sagas of a proto package. Its events are the mesh's own; its stream is the package's. */
export function sagaJournal(domain: string): Journal<SagaState, typeof SagaRecordedSchema> {
  const known = histories.get(domain);
  if (known !== undefined) return known;
  const journal = inDomain(
    defineJournal({
      name: "sagas",
      version: 1,
      events: [SagaRecordedSchema],
      initial: () => none,
      evolve(state, { driver, records }) {
        const before = driver === "" ? state : { ...state, driver, position: state.position + 1, isParked: false };
        return records.reduce(withRecord, before);
      },
    }),
    domain,
  );
  histories.set(domain, journal);
  return journal;
}

const waiting = new Map<string, Journal<readonly string[], typeof SagaWaitersChangedSchema>>();

/** The journal of who waits for what, in a proto package: ids of sagas. */
export function waiterJournal(domain: string): Journal<readonly string[], typeof SagaWaitersChangedSchema> {
  const known = waiting.get(domain);
  if (known !== undefined) return known;
  const journal = inDomain(
    defineJournal({
      name: "saga-waiters",
      version: 1,
      compact: true,
      snapshotEvery: 100,
      events: [SagaWaitersChangedSchema],
      initial: (): readonly string[] => [],
      evolve: (_, { waiters }) => waiters.map(({ sagaId }) => sagaId),
    }),
    domain,
  );
  waiting.set(domain, journal);
  return journal;
}

function inDomain<S, E extends Parameters<typeof defineJournal>[0]["events"][number]>(
  journal: Journal<S, E>,
  domain: string,
): Journal<S, E> {
  const placed: Journal<S, E> = Object.freeze({
    ...journal,
    domain,
    at: (key: string) => Object.freeze({ journal: placed, key }),
  });
  return placed;
}
