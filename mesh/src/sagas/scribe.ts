// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type SagaBirthSchema,
  type SagaChildEndedSchema,
  type SagaParent,
  type SagaParentSchema,
  type SagaRecord,
  SagaRecordedSchema,
  SagaRecordSchema,
  SagaWaitersChangedSchema,
  SagaWakeSchema,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Clock } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import type { Draft } from "../journal/draft.ts";
import type { Entry, Keys } from "../journal/entry.ts";
import type { CommitOrigin, Journals } from "../journal/journals.ts";
import { type RecordInit, recordOf, type SagaState, sagaJournal, waiterJournal } from "./history.ts";
import { maxRecordedBytes } from "./limits.ts";
import { parseSagaId, type SagaId, wakeHearer } from "./saga-id.ts";

/** Another host drives the saga on: what this one wanted to add is not stored. */
export class Superseded extends Error {}

/** Somebody wants something of the saga: look at it and decide anew. What was to be added is kept, and not stored yet. */
export class Interrupted extends Error {}

/** What a wake-up says beside whom it wakes. */
export interface Wake {
  readonly birth?: MessageInitShape<typeof SagaBirthSchema>;
  readonly childEnded?: MessageInitShape<typeof SagaChildEndedSchema>;
  readonly cancel?: MessageInitShape<typeof SagaParentSchema>;
  /** What was to move the saga must be lost. */
  readonly lost?: boolean;
}

/** A message to a saga. */
export interface SagaTell {
  readonly sagaId: string;
  readonly wake?: Wake | undefined;
  /** Milliseconds since the epoch; default: at once. */
  readonly due?: number | undefined;
}

/** What is stored together with records. */
export interface Along {
  readonly tells?: readonly SagaTell[] | undefined;
  /** Keys of the waiter journal at which the saga is to be found. */
  readonly waitsAt?: readonly string[] | undefined;
  /** Announces with it. */
  readonly publish?: ((outbox: Draft) => void) | undefined;
}

/** What a scribe is made of. */
export interface ScribeInit {
  readonly journals: Journals;
  readonly clock: Clock;
  readonly id: SagaId;
  readonly domain: string;
  /** Message because of which the saga is driven. */
  readonly driver: string;
  readonly origin: CommitOrigin;
}

/** Writes the history of one saga, as long as nobody else drives it on. */
export class Scribe {
  readonly #init: ScribeInit;
  #state: SagaState;
  #pending: SagaRecord[] = [];

  constructor(init: ScribeInit, state: SagaState) {
    this.#init = init;
    this.#state = state;
  }

  /** As it is stored. */
  get state(): SagaState {
    return this.#state;
  }

  /** All records of the run, those that are not stored yet too. */
  get records(): readonly SagaRecord[] {
    const [first] = this.#pending;
    return first?.what.case === "started" ? this.#pending : [...this.#state.records, ...this.#pending];
  }

  /** Records that are not stored yet. */
  get unstored(): readonly SagaRecord[] {
    return this.#pending;
  }

  /** Adds a record; it is stored by the next {@link write}. */
  add(what: RecordInit): SagaRecord {
    const record = recordOf(what, this.#init.clock.now());
    this.#pending.push(record);
    return record;
  }

  /** Takes back the first record of a kind that is not stored yet, and all that came after it. */
  dropFrom(kind: RecordInit["case"]): void {
    const first = this.#pending.findIndex(({ what }) => what.case === kind);
    if (first >= 0) this.#pending = this.#pending.slice(0, first);
  }

  /** Takes back the records of a kind that are not stored yet. */
  drop(kind: RecordInit["case"]): void {
    this.#pending = this.#pending.filter(({ what }) => what.case !== kind);
  }

  /**
   * Stores what was added, with what goes along, in one commit.
   *
   * @throws Superseded, Interrupted, and what a commit throws
   */
  async write({ tells = [], waitsAt = [], publish }: Along = {}): Promise<void> {
    const { journals, id, domain, driver, origin } = this.#init;
    const waiters = waitsAt.map((key, index) => [`waiter${index}`, waiterJournal(domain).at(key)] as const);
    const keys: Keys = { saga: sagaJournal(domain).at(id.id), ...Object.fromEntries(waiters) };
    const records = this.#pending;
    let stored = this.#state;
    crashPoint("saga.before-write", id.saga);
    await journals.commit(
      keys,
      (entries, outbox) => {
        const saga = entries["saga"] as Entry<SagaState, typeof SagaRecordedSchema>;
        this.#assertMine(saga.state);
        for (const part of inParts(records))
          saga.append(SagaRecordedSchema, { sagaId: id.id, driver, records: [...part] });
        for (const [name] of waiters) addWaiter(entries[name] as WaiterEntry, id.id);
        for (const tell of tells) tellSaga(outbox, tell);
        publish?.(outbox);
        stored = saga.state;
        return null;
      },
      origin,
    );
    this.#state = stored;
    this.#pending = this.#pending.slice(records.length);
    crashPoint("saga.after-write", id.saga);
  }

  /**
   * Reads what others want of the saga meanwhile.
   *
   * @throws Superseded
   */
  async refresh(): Promise<void> {
    const state = await this.#init.journals.load(sagaJournal(this.#init.domain).at(this.#init.id.id));
    if (state.position !== this.#state.position) throw new Superseded();
    this.#state = state;
  }

  #assertMine({ position, asked }: SagaState): void {
    // One that is behind is refused by the broker, and read anew.
    if (position > this.#state.position) throw new Superseded();
    if (asked > this.#state.asked) throw new Interrupted();
  }
}

type WaiterEntry = Entry<readonly string[], typeof SagaWaitersChangedSchema>;

function addWaiter(entry: WaiterEntry, id: string): void {
  if (entry.state.includes(id)) return;
  entry.append(SagaWaitersChangedSchema, { waiters: [...entry.state, id].map((sagaId) => ({ sagaId })) });
}

/** Sends a saga a message with a commit. */
export function tellSaga(outbox: Draft, { sagaId, wake = {}, due }: SagaTell): void {
  const { agent, saga } = parseSagaId(sagaId);
  outbox.tell(SagaWakeSchema, { ...wake, sagaId }, { agent, hearer: wakeHearer(saga), key: sagaId, due });
}

/** Tells the run of a saga that began another one as a step how that one ended. */
export function childEnd(
  { sagaId, step, run }: SagaParent,
  how: Pick<MessageInitShape<typeof SagaChildEndedSchema>, "status" | "error">,
): SagaTell {
  return { sagaId, wake: { childEnded: { step, run, ...how } } };
}

/** Records in parts that fit into one message each. */
function inParts(records: readonly SagaRecord[]): readonly (readonly SagaRecord[])[] {
  const parts: SagaRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = toBinary(SagaRecordSchema, record).length;
    const last = parts.at(-1);
    if (last === undefined || bytes + size > maxRecordedBytes) {
      parts.push([record]);
      bytes = size;
    } else {
      last.push(record);
      bytes += size;
    }
  }
  return parts;
}
