// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type SagaBirth,
  type SagaStarted,
  SagaStartedSchema,
  SagaStatus,
  SagaStepKind,
  type SagaWake,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { underWay } from "../broker/traffic.ts";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { SagaDefinition } from "./define-saga.ts";
import { driveOn } from "./drive-on.ts";
import { type Driving, type SagaGround, sagaHeader, sagaOrigin } from "./driving.ts";
import { cancelForParent, type FamilyInit, noteChild, refuseChild, tellEnd } from "./family.ts";
import { anew, isOver, type SagaState, sagaJournal, startOf } from "./history.ts";
import { lostMs } from "./limits.ts";
import { timeOf } from "./player.ts";
import { type SagaId, sagaId } from "./saga-id.ts";
import type { SagaIndex } from "./saga-index.ts";
import { Scribe, Superseded, tellSaga } from "./scribe.ts";
import { takenBy } from "./step-end.ts";
import { summaryOf } from "./summary.ts";

/** Real milliseconds after which it is looked whether who was faster still drives a saga on. */
const standBackMs = 700;

/** Real milliseconds that a saga may go on for before it is listed; most are over sooner. */
const slowMs = 1_000;

/** What a driver is made of. */
export interface SagaDriverInit {
  readonly ground: SagaGround;
  readonly index: SagaIndex;
  readonly agent: string;
  readonly definition: SagaDefinition;
}

/**
 * Drives the sagas of one definition on, as messages ask for it. Any host may do so, at any time, two at once too: whoever
 * stores first goes on, the other one stands back. There is no lease that a host that stands still could hold.
 */
export class SagaDriver {
  readonly #init: SagaDriverInit;

  constructor(init: SagaDriverInit) {
    this.#init = init;
  }

  /**
   * Begins a saga for an event, or drives the one on that was begun for it.
   *
   * @throws MeshError SAGA_RUNNING when one of its key is not over; JOURNAL_AHEAD; what storing throws
   */
  async start(incoming: Incoming): Promise<void> {
    const { agent, definition, ground } = this.#init;
    const { startsOn, waits } = definition;
    const id = sagaId({ agent, saga: definition.name, key: definition.key(incoming.message) });
    const eventKey = () => ground.contracts.event(startsOn).key.read(incoming.message);
    const mailAfter = async () => (waits.length === 0 ? 0 : ground.mailbox.placeOf(incoming, eventKey()));
    const input = toBinary(startsOn, incoming.message);
    await this.#begin(id, incoming, { input, startId: incoming.header.messageId }, mailAfter);
  }

  /** Drives a saga on because of a wake-up; one that has nothing to do is left alone. */
  async wake(incoming: Incoming, id: SagaId, { birth, childEnded, cancel, lost }: SagaWake): Promise<void> {
    if (birth !== undefined) return this.#bear(id, incoming, birth);
    if (childEnded !== undefined) await noteChild(this.#familyOf(id, incoming), childEnded);
    if (cancel !== undefined) await cancelForParent(this.#familyOf(id, incoming), cancel);
    await this.#drive(id, incoming, lost);
  }

  /** True when it had been begun by that very message. */
  async #begin(
    id: SagaId,
    incoming: Incoming,
    how: MessageInitShape<typeof SagaStartedSchema> & { readonly startId: string },
    mailAfter: () => Promise<number>,
  ): Promise<boolean> {
    const { definition } = this.#init;
    for (;;) {
      const state = await this.#load(id);
      if (state.starts.includes(how.startId)) {
        await this.#drive(id, incoming);
        return true;
      }
      if (state.run > 0 && !isOver(state)) throw running(id, state);
      const { correlationId, conversationId = "", hops } = incoming.header;
      const started = create(SagaStartedSchema, {
        ...how,
        version: definition.version,
        run: state.run + 1,
        inputType: definition.startsOn.typeName,
        correlationId,
        conversationId,
        hops,
        // An event that began it may have waited for the end of an earlier run, which took some of the mail.
        mailAfter: BigInt(Math.max(await mailAfter(), ...takenBy(state.records))),
      });
      if (await this.#once({ id, incoming, state: anew(state), started }, true)) return false;
    }
  }

  async #bear(id: SagaId, incoming: Incoming, { input, parent }: SagaBirth): Promise<void> {
    const startId = derivedId(
      "saga birth",
      parent?.sagaId ?? "",
      parent?.step ?? "",
      incoming.header.causationId ?? "",
    );
    const { ground } = this.#init;
    try {
      const how = { input, startId, ...(parent === undefined ? {} : { parent }) };
      const isRepeated = await this.#begin(id, incoming, how, () => ground.mailbox.newest());
      // Who asks again has not heard of its end.
      if (isRepeated && parent !== undefined) await tellEnd(this.#familyOf(id, incoming), parent);
    } catch (thrown) {
      // Nobody else would tell the saga that waits for it.
      if (!(thrown instanceof MeshError) || thrown.code !== "SAGA_RUNNING" || parent === undefined) throw thrown;
      await refuseChild(this.#familyOf(id, incoming), parent, thrown);
    }
  }

  async #drive(id: SagaId, incoming: Incoming, maybeLost = false): Promise<void> {
    for (;;) {
      const state = await this.#load(id);
      const started = startOf(state);
      if (started === undefined) return;
      // Who ended it may have been gone before it was listed as ended.
      if (isOver(state) || state.status === SagaStatus.NEEDS_ATTENTION) return this.#list(id, state);
      const isMine = state.driver === incoming.header.messageId;
      const isLost = maybeLost && this.#isLost(state);
      // Somebody else has it in hand, and the message that it is driven for comes again when they are gone.
      if (!state.isParked && !isMine && !isLost) return;
      // Left to a wake-up because of this very message, here or on another host: the broker may have forgotten the message by
      // now, so whoever drove the saga on for it and died would have nobody come after.
      if (state.isParked && isMine) return this.#leave(id, incoming, state);
      if (await this.#once({ id, incoming, state, started, isLost }, false)) return;
    }
  }

  #isLost({ records }: SagaState): boolean {
    const last = records.at(-1);
    return last !== undefined && this.#init.ground.clock.now() - timeOf(last) > lostMs;
  }

  /** What came before it was to be found as one that waits has woken nobody, so it is woken once. */
  async #leave(id: SagaId, incoming: Incoming, state: SagaState): Promise<void> {
    const isWaiting = state.records.some(({ what }) => what.case === "begun" && what.value.kind === SagaStepKind.WAIT);
    if (isWaiting) {
      const { journals } = this.#init.ground;
      await journals.commit({}, (_, outbox) => tellSaga(outbox, { sagaId: id.id }) ?? null, this.#originOf(incoming));
    }
    await this.#list(id, state);
  }

  /** Drives it on; false when somebody else was faster, after a while. */
  async #once({ id, incoming, state, started, isLost = false }: Once, isNew: boolean): Promise<boolean> {
    const { ground, definition, index } = this.#init;
    const { domain } = definition;
    const own = new AbortController();
    const { signal: given = own.signal, trace } = incoming;
    const signal = AbortSignal.any([given, own.signal]);
    const driving: Driving = { ground, id, domain, started, trace, signal, isLost };
    const cause = sagaHeader(driving);
    const origin = sagaOrigin({ agent: id.agent, domain, cause, trace, signal });
    const driver = incoming.header.messageId;
    const scribe = new Scribe({ journals: ground.journals, clock: ground.clock, id, domain, driver, origin }, state);
    if (isNew) scribe.add({ case: "started", value: started });
    let isListed = false;
    const slow = setTimeout(() => {
      isListed = scribe.state.run > 0;
      if (isListed) index.note(summaryOf(id, domain, scribe.state), false).catch(() => {});
    }, slowMs);
    slow.unref();
    try {
      await driveOn(driving, definition, scribe);
      await this.#list(id, scribe.state, isListed);
      return true;
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      await this.#standBack(id, given);
      return false;
    } finally {
      clearTimeout(slow);
      own.abort();
    }
  }

  /** Waits while somebody else drives it on. */
  async #standBack(id: SagaId, signal: AbortSignal): Promise<void> {
    for (let before = -1; ; ) {
      const { position, isParked, status } = await this.#load(id);
      const isMoving = status === SagaStatus.RUNNING || status === SagaStatus.COMPENSATING;
      if (!isMoving || isParked || position === before) return;
      before = position;
      await underWay(this.#init.ground, id.id, delay(standBackMs, undefined, { signal }));
    }
  }

  async #list(id: SagaId, state: SagaState, wasListed = false): Promise<void> {
    const { definition, index, ground } = this.#init;
    await index.note(summaryOf(id, definition.domain, state), wasListed || wasOpen(state));
    // Nobody is going to need it here soon, and it may be large.
    ground.journals.forget(sagaJournal(definition.domain).at(id.id));
  }

  #load(id: SagaId): Promise<SagaState> {
    return this.#init.ground.journals.load(sagaJournal(this.#init.definition.domain).at(id.id));
  }

  #familyOf(id: SagaId, incoming: Incoming): FamilyInit {
    const { ground, definition } = this.#init;
    return { ...ground, id, domain: definition.domain, origin: this.#originOf(incoming) };
  }

  #originOf({ header: cause, trace, signal }: Incoming) {
    const { agent, definition } = this.#init;
    return sagaOrigin({ agent, domain: definition.domain, cause, trace, signal });
  }
}

interface Once {
  readonly id: SagaId;
  readonly incoming: Incoming;
  readonly state: SagaState;
  readonly started: SagaStarted;
  readonly isLost?: boolean;
}

/** Whether it may be listed as one that is not over. */
function wasOpen({ records }: SagaState): boolean {
  return records.some(
    ({ what }) => what.case === "parked" || (what.case === "over" && what.value.status === SagaStatus.NEEDS_ATTENTION),
  );
}

function running({ id }: SagaId, { status }: SagaState): MeshError {
  const message = `saga "${id}" is ${SagaStatus[status]}, so no second one of its key begins`;
  return new MeshError({ code: "SAGA_RUNNING", message });
}
