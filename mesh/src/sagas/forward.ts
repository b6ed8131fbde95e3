// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SagaStatus, type SagaStepEnded } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { underWay } from "../broker/traffic.ts";
import { sleep } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import { errorDetail } from "../error-detail.ts";
import type { MeshError } from "../mesh-error.ts";
import type { Ask, Work } from "./ask.ts";
import type { SagaDefinition } from "./define-saga.ts";
import { type CallOutcome, callStep, type Driving } from "./driving.ts";
import { holdMs, strayMs } from "./limits.ts";
import { type CodeEnd, Player, timeOf } from "./player.ts";
import { nondeterministic, type OpenStep, replay } from "./replay.ts";
import { sagaId } from "./saga-id.ts";
import { Interrupted, type SagaTell, type Scribe } from "./scribe.ts";
import { failedStep, repliedStep, whatCame } from "./step-end.ts";
import { undoPlan } from "./undo-plan.ts";
import { waiterKey } from "./waiters.ts";

/** Where driving a saga forward leads: it is left to a wake-up, it goes back now, or it is over. */
export type ForwardEnd = "parked" | "turned" | "over";

/** A step that is under way here. */
interface Running extends OpenStep {
  isCalling: boolean;
}

/**
 * Drives the code of a saga on: what the history holds is replayed, what the code asks for next is stored before it is done,
 * and each result before the code's next step is. Calls go on at the same time; when only times, events and other saga are
 * waited for, the saga is left to a wake-up.
 */
export class Forward {
  readonly #driving: Driving;
  readonly #scribe: Scribe;
  readonly #steps = new Map<string, Running>();
  readonly #outcomes: { readonly step: string; readonly outcome: CallOutcome }[] = [];
  #player: Player;
  #births: SagaTell[] = [];
  #came: () => void = () => {};

  constructor(driving: Driving, definition: SagaDefinition, scribe: Scribe) {
    this.#driving = driving;
    this.#scribe = scribe;
    const [first] = scribe.records;
    if (first === undefined) throw new Error("a saga without a beginning");
    this.#player = new Player(definition, driving.id, first, driving.started);
  }

  /** @throws MeshError NONDETERMINISTIC, SAGA_INVALID, what storing throws, Superseded */
  async run(): Promise<ForwardEnd> {
    const { ground, id } = this.#driving;
    const open = await underWay(ground, id.id, replay(this.#player, this.#scribe.records));
    for (const [step, one] of open) this.#steps.set(step, { ...one, isCalling: false });
    if (this.#driving.isLost) for (const { ask } of open.values()) this.#bear(ask);
    for (;;) {
      this.#driving.signal.throwIfAborted();
      this.#takeAsks();
      if (this.#scribe.state.isCanceled) return this.#turn(undefined);
      const { end } = this.#player;
      const isOver = end !== undefined && (end.kind === "threw" || this.#unsent().length === 0);
      if (isOver) return this.#finish(end);
      if (!(await this.#write())) continue;
      this.#startCalls(() => true);
      if (await this.#deliverWhatIsThere()) continue;
      if (this.#calling > 0) await this.#nextOutcome();
      else if (this.#steps.size === 0) await this.#stray();
      else if (await this.#park()) return "parked";
    }
  }

  get #calling(): number {
    return [...this.#steps.values()].filter(({ isCalling }) => isCalling).length;
  }

  #takeAsks(): void {
    for (let ask = this.#player.takeAsk(); ask !== undefined; ask = this.#player.takeAsk()) {
      this.#scribe.add({ case: "begun", value: ask.begun });
      this.#steps.set(ask.step, { ask, attempts: 0, notBefore: 0, isCalling: false });
      this.#bear(ask);
    }
  }

  /** Has the saga of a step begin, when that is its work; told again, it says how it stands. */
  #bear({ step, work, begun }: Ask): void {
    if (work.kind !== "child") return;
    const { id, started } = this.#driving;
    const parent = { sagaId: id.id, step, run: started.run };
    const birth = { inputType: work.saga.startsOn.typeName, input: begun.request, parent };
    this.#births.push({ sagaId: sagaId({ agent: id.agent, saga: work.saga.name, key: work.key }).id, wake: { birth } });
  }

  /** Stores what is new; false when somebody wants something, so that it has to be looked at first. */
  async #write(): Promise<boolean> {
    if (this.#scribe.unstored.length === 0) return true;
    const births = this.#births;
    try {
      await this.#scribe.write({ tells: births });
      this.#births = this.#births.slice(births.length);
      return true;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      await this.#scribe.refresh();
      return false;
    }
  }

  #startCalls(which: (work: Work) => boolean): void {
    const now = this.#driving.ground.clock.now();
    for (const [step, running] of this.#steps) {
      const { ask, attempts, notBefore, isCalling } = running;
      if (ask.work.kind !== "call" || isCalling || notBefore > now || !which(ask.work)) continue;
      running.isCalling = true;
      const { method, request } = ask.work;
      const call = { step, isUndo: false, method, request, attempt: attempts + 1 };
      callStep(this.#driving, { ...call, undoable: ask.begun.undo !== undefined }).then(
        (outcome) => this.#outcome(step, outcome),
        // Only when the saga is given back; the loop finds that out itself.
        () => this.#came(),
      );
    }
  }

  #outcome(step: string, outcome: CallOutcome): void {
    this.#outcomes.push({ step, outcome });
    this.#came();
  }

  /** Waits until a call is over, or something becomes due. */
  async #nextOutcome(): Promise<void> {
    const { clock } = this.#driving.ground;
    if (this.#outcomes.length === 0) {
      const due = this.#nextDue(({ isCalling }) => !isCalling);
      await this.#until(due === undefined ? undefined : due - clock.now());
    }
    for (let next = this.#outcomes.shift(); next !== undefined; next = this.#outcomes.shift()) {
      await this.#record(next.step, next.outcome, true);
      this.#takeAsks();
    }
  }

  async #record(step: string, outcome: CallOutcome, tellCode: boolean): Promise<void> {
    const running = this.#steps.get(step);
    if (running === undefined || running.ask.work.kind !== "call") return;
    running.isCalling = false;
    if (outcome.kind === "delayed") {
      const { attempts, delayMs } = outcome;
      const due = this.#driving.ground.clock.now() + delayMs;
      this.#steps.set(step, { ...running, attempts, notBefore: due });
      const error = errorDetail(outcome.error);
      const value = { step, attempt: attempts, due: timestampFromMs(Math.ceil(due)), error };
      this.#scribe.add({ case: "delayed", value });
      return;
    }
    const ended =
      outcome.kind === "failed" ? failedStep(step, outcome.error) : repliedStep(step, running.ask.work, outcome.reply);
    await this.#end(ended, tellCode);
  }

  async #end(ended: SagaStepEnded, tellCode = true): Promise<void> {
    this.#steps.delete(ended.step);
    const record = this.#scribe.add({ case: "ended", value: ended });
    if (tellCode) await this.#player.deliver(ended, timeOf(record));
  }

  /** Ends what is due, what mail has come for, and sagas that are over; whether there was any. */
  async #deliverWhatIsThere(): Promise<boolean> {
    let isAny = false;
    for (const { ask } of [...this.#steps.values()]) {
      const ended = await whatCame(this.#driving, this.#scribe.records, ask);
      if (ended === undefined) continue;
      await this.#end(ended);
      // What the code asks for then comes before what else is there.
      this.#takeAsks();
      isAny = true;
    }
    return isAny;
  }

  #nextDue(which: (running: Running) => boolean): number | undefined {
    const dues = [...this.#steps.values()].filter(which).flatMap(({ ask, notBefore }) => {
      if (ask.work.kind === "call") return [notBefore];
      return ask.begun.due === undefined ? [] : [timestampMs(ask.begun.due)];
    });
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  /** Waits here when that is not for long; else leaves the saga to a wake-up. False when it goes on here. */
  async #park(): Promise<boolean> {
    const { clock } = this.#driving.ground;
    const due = this.#nextDue(() => true);
    const works = [...this.#steps.values()].map(({ ask }) => ask.work);
    const comes = works.some(({ kind }) => kind === "wait" || kind === "child");
    if (!comes && due !== undefined && due - clock.now() <= holdMs) {
      await this.#until(due - clock.now());
      return false;
    }
    const waitsAt = works.flatMap((work) =>
      work.kind === "wait" ? [waiterKey(this.#driving.id.agent, work.event.typeName, work.key)] : [],
    );
    this.#scribe.add({ case: "parked", value: due === undefined ? {} : { due: timestampFromMs(due) } });
    const wake = due === undefined ? [] : [{ sagaId: this.#driving.id.id, due }];
    try {
      await this.#scribe.write({ tells: [...this.#births, ...wake], waitsAt });
      this.#births = [];
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      this.#scribe.drop("parked");
      await this.#scribe.refresh();
      return false;
    }
    crashPoint("saga.parked", this.#driving.id.saga);
    // What came before it was to be found here wakes nobody.
    return !(waitsAt.length > 0 && (await this.#deliverWhatIsThere()));
  }

  async #until(ms: number | undefined): Promise<void> {
    const { ground, signal } = this.#driving;
    const over = new AbortController();
    const came = new Promise<void>((resolve) => {
      this.#came = resolve;
    });
    const end = AbortSignal.any([signal, over.signal]);
    const aborted = new Promise<void>((resolve) => end.addEventListener("abort", () => resolve(), { once: true }));
    const passed = ms === undefined ? undefined : sleep(ground.clock, Math.max(0, ms), end).catch(() => {});
    await Promise.race([came, aborted, ...(passed === undefined ? [] : [passed])]);
    over.abort();
    signal.throwIfAborted();
  }

  /** The code waits for something that is no step. */
  async #stray(): Promise<void> {
    const { ground, id } = this.#driving;
    if (await underWay(ground, id.id, this.#player.stirs(strayMs))) return;
    throw nondeterministic(`the code has waited ${strayMs} ms for something that is no step of its saga`);
  }

  async #finish(end: CodeEnd): Promise<ForwardEnd> {
    if (end.kind === "threw") {
      if (end.error.code === "NONDETERMINISTIC") throw end.error;
      return this.#turn(end.error);
    }
    await this.#settle();
    if (this.#scribe.state.isCanceled) return this.#turn(undefined);
    const left = undoPlan(this.#scribe.records, SagaStatus.COMPLETED);
    if (left.length === 0) return "over";
    this.#scribe.add({ case: "turned", value: { towards: SagaStatus.COMPLETED } });
    return "turned";
  }

  /** Steps that the code has asked for and that are not stored, so that nothing of them has left. */
  #unsent(): readonly string[] {
    return this.#scribe.unstored.flatMap(({ what }) => (what.case === "begun" ? [what.value.step] : []));
  }

  async #turn(error: MeshError | undefined): Promise<ForwardEnd> {
    for (const step of this.#unsent()) this.#steps.delete(step);
    this.#births = [];
    this.#scribe.drop("begun");
    await this.#settle();
    const value = { towards: SagaStatus.COMPENSATED, canceled: error === undefined };
    this.#scribe.add({ case: "turned", value: error === undefined ? value : { ...value, error: errorDetail(error) } });
    return "turned";
  }

  /** Waits for the calls that are under way, and for replies that undoing is made of. The code is told nothing more. */
  async #settle(): Promise<void> {
    const byReply = ({ ask: { work } }: OpenStep) => work.kind === "call" && work.undoOf !== undefined;
    for (;;) {
      this.#startCalls((work) => work.kind === "call" && work.undoOf !== undefined);
      for (let next = this.#outcomes.shift(); next !== undefined; next = this.#outcomes.shift()) {
        await this.#record(next.step, next.outcome, false);
      }
      const waiting = [...this.#steps.values()].filter((step) => step.isCalling || byReply(step));
      if (waiting.length === 0) return;
      if (this.#outcomes.length > 0) continue;
      const due = this.#nextDue((step) => byReply(step) && !step.isCalling);
      await this.#until(due === undefined ? undefined : due - this.#driving.ground.clock.now());
    }
  }
}
