// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import type { Durable } from "../broker/durable.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import { type Lane, laneIn, lanes } from "../broker/lane.ts";
import { type Pull, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { keyTokenIn } from "../broker/read-subject.ts";
import { streamNames } from "../broker/stream-names.ts";
import { countOf } from "../broker/stream-scan.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { recordOrderViolation } from "../telemetry/metrics.ts";
import type { QueueReading } from "../telemetry/queue-gauges.ts";
import type { Hearing } from "./hearing.ts";
import type { Hold } from "./hold.ts";
import { OrderWatch } from "./order-watch.ts";
import { Pace } from "./pace.ts";
import { Partition } from "./partition.ts";
import { ensureParts, partitionWindow } from "./parts.ts";
import { type PulledPartition, rebalancing } from "./rebalance.ts";
import { SidingBooks } from "./siding-book.ts";
import { Slots } from "./slots.ts";
import type { Valve } from "./valve.ts";

/** Messages of one durable that are in hand at once in this process, those waiting for a retry included. */
const maxInHand = 32;
/** Handlers of one hearer at once where its contract does not say. */
const defaultConcurrency = 32;

/** Where a message comes from. */
export interface Origin {
  readonly intake: Intake;
  readonly durable: Durable;
  /** Whose messages wait for their turn; unset: nobody keeps their order. */
  readonly order: Order | undefined;
}

/** What has the messages of a key wait for each other. */
export interface Order {
  /**
   * Waits for a message's turn. Returns a function that gives the turn on, to be called once, when it is settled; undefined
   * when it is not to begin here.
   */
  turn(hold: Hold): Promise<(() => void) | undefined>;
  /** A message was lost to another instance. */
  doubt(): void;
}

/** Real milliseconds between two looks after sidings. */
const tendMs = 500;

/** What an intake is made of. */
export interface IntakeInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly hearing: Hearing;
  /** The places of the whole process. */
  readonly slots: Slots;
  /** Nothing is pulled while one of them is shut. */
  readonly valves: readonly Valve[];
  /** The stream is not there. */
  readonly onStreamGone: () => void;
  readonly take: (message: PulledMessage, origin: Origin) => Promise<void>;
}

/** Pulls what comes to one hearer, from each of its durables as much as there is room for. */
export class Intake {
  readonly hearing: Hearing;
  readonly #init: IntakeInit;
  readonly #slots: Slots;
  readonly #pace = new Pace();
  readonly #order = new OrderWatch();
  readonly #books: SidingBooks;
  readonly #pulls = new Map<Durable, Pull>();
  readonly #partitions: PulledPartition[] = [];
  readonly #ends: (() => void)[] = [];
  readonly #waitingForPlace: Record<Lane, number> = { critical: 0, high: 0, medium: 0, low: 0 };

  constructor(init: IntakeInit) {
    this.#init = init;
    this.hearing = init.hearing;
    this.#books = new SidingBooks(init.broker, init.subjects.namespace);
    const { operation, maxConcurrency = defaultConcurrency } = init.hearing;
    // All events of one type are in the lane that their contract says.
    const reserve = operation.kind === "command";
    this.#slots = new Slots(maxConcurrency, { reserve, onFree: () => this.ask() });
    init.hearing.onResize?.((most) => this.#slots.resize(most));
  }

  /** Names of its durables. */
  get names(): readonly string[] {
    return [...this.#pulls.keys()].map(({ name }) => name);
  }

  get isOpen(): boolean {
    return this.#init.valves.every(({ isOpen }) => isOpen);
  }

  /** Resolves when no valve is shut. Rejects with the signal's reason when that aborts first. */
  async opened(signal: AbortSignal): Promise<void> {
    while (!this.isOpen) for (const valve of this.#init.valves) await valve.opened(signal);
  }

  /** Makes what durables are missing and begins to pull. */
  async begin(): Promise<void> {
    const { broker, subjects, hearing, valves } = this.#init;
    for (const durable of await ensureParts(broker, hearing, subjects)) this.#beginPart(durable);
    const follow = () => {
      for (const each of this.#pulls.values()) this.isOpen ? each.resume() : void each.pause();
    };
    for (const valve of valves) this.#ends.push(valve.onChange(follow));
    follow();
    if (this.#partitions.length === 0) return;
    this.#ends.push(rebalancing(broker, this.#partitions), this.#tending());
  }

  /** Asks for more where there is room. */
  ask(): void {
    for (const each of this.#pulls.values()) each.ask();
  }

  /** Pulls no more. */
  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    await Promise.all([...this.#pulls.values()].map((each) => each.stop()));
    for (const { partition } of this.#partitions) partition.stop();
  }

  /** Lets others have its partitions at once; to be called when nothing is in hand any more. */
  async leave(): Promise<void> {
    await Promise.all(this.#partitions.map(({ partition }) => partition.leave()));
  }

  /** Runs `work` when there is a place for it, both among the handlers of this hearer and among those of the process. */
  async run<T>(lane: Lane, work: () => Promise<T>): Promise<T> {
    this.#waitingForPlace[lane]++;
    const leaveOwn = await this.#slots.take(lane);
    const leave = await this.#init.slots.take(lane);
    this.#waitingForPlace[lane]--;
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.#pace.ran(performance.now() - began);
      leave();
      leaveOwn();
    }
  }

  /** Tells when a message of an ordered hearer begins after a later one of its key. */
  begins({ subject, sequence }: PulledMessage): void {
    if (this.#partitions.length === 0 || this.#order.begins(keyTokenIn(subject), sequence)) return;
    const { handler, name, agent } = this.hearing.operation;
    recordOrderViolation(handler, name);
    logger.warn(
      { agent_id: agent, operation: name, hearer: handler, subject, sequence },
      "a message began after a later one of its key; it may be one that the broker delivered again",
    );
  }

  /** How its queue stands, over all instances. */
  async queue(): Promise<QueueReading> {
    const { broker, subjects } = this.#init;
    const { agent, handler: hearer } = this.hearing.operation;
    const letters = { stream: streamNames(subjects.namespace).dead, filter: subjects.deadLetters({ agent, hearer }) };
    const [dead, ...parts] = await Promise.all([
      countOf(broker, letters),
      ...[...this.#pulls.keys()].map((durable) => durableProgress(broker, durable)),
    ]);
    const sum = (of: "undelivered" | "unsettled") => parts.reduce((total, part) => total + part[of], 0);
    return { agent, hearer, depth: sum("undelivered"), inFlight: sum("unsettled"), dead };
  }

  /** Looks after the sidings of its partitions. Returns a function that ends it. */
  #tending(): () => void {
    const runOf = (partition: Partition) => (message: PulledMessage, durable: Durable) =>
      this.#init.take(message, {
        intake: this,
        durable,
        order: { turn: (hold) => partition.sidingTurn(hold), doubt: () => {} },
      });
    let isBusy = false;
    const tend = async () => {
      if (isBusy) return;
      isBusy = true;
      const all = this.#partitions.map(({ partition }) =>
        partition.tend({ window: partitionWindow, run: runOf(partition) }),
      );
      // What fails because the broker is away is tried again.
      await Promise.allSettled(all);
      isBusy = false;
    };
    const timer = setInterval(() => void tend(), tendMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  #beginPart(durable: Durable): void {
    const { broker, hearing, take } = this.#init;
    const partition = durable.pinned === true ? new Partition(broker, durable, this.#books.of(durable)) : undefined;
    const pulling = pull(broker, {
      durable,
      maxMessages: partition === undefined ? maxInHand : partitionWindow,
      room: partition === undefined ? () => this.#room(durable) : undefined,
      pin: partition?.pin,
      onMessage: (message) => take(message, { intake: this, durable, order: partition }),
      onTrouble: teller(hearing, this.#init.onStreamGone),
      onRemade: (where) =>
        logger.error({ agent_id: hearing.operation.agent, hearer: hearing.operation.handler }, where),
    });
    this.#pulls.set(durable, pulling);
    if (partition !== undefined) this.#partitions.push({ durable, partition, pull: pulling });
  }

  /** Free places for what this durable brings, and some messages in advance. */
  #room({ filters: [filter = ""] }: Durable): number {
    const lane = lanes.find((each) => filter.split(".", 3)[2] === each) ?? this.#usualLane;
    const free = Math.min(this.#slots.free(lane), this.#init.slots.free(lane));
    return free + this.#pace.ahead - this.#waitingForPlace[lane];
  }

  get #usualLane(): Lane {
    return laneIn(`..${(this.hearing.contract.priority ?? "MEDIUM").toLowerCase()}`);
  }
}

/** Tells the log why nothing comes to a hearer: when it begins, and when the reason changes. */
function teller({ operation }: Hearing, onStreamGone: () => void): (error: MeshError) => void {
  let told: string | undefined;
  return ({ code, message }) => {
    if (code === "NOT_FOUND") onStreamGone();
    if (code === told) return;
    told = code;
    logger.warn({ agent_id: operation.agent, operation: operation.name, hearer: operation.handler, code }, message);
  };
}
