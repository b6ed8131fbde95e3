// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { durableProgress } from "../broker/durable.ts";
import { type Durable, ensureDurable, type Pull, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import { countOf } from "../broker/stream-scan.ts";
import { durableName, type Subjects } from "../broker/subjects.ts";
import type { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import type { QueueReading } from "../telemetry/queue-gauges.ts";
import { type DeliveryInit, deliver } from "./deliver.ts";
import type { Hearing } from "./hearing.ts";
import { keepAlive } from "./keep-alive.ts";
import type { Valve } from "./valve.ts";

/** Messages that one hearer has in hand at once in this process, those waiting for a retry included. */
const maxInHand = 32;
/** Real milliseconds in which handlers that were abandoned give back what they had. */
const handBackMs = 500;

/** What the delivery machine of a host is made of. */
export interface DeliveriesInit extends Omit<DeliveryInit, "hold" | "abandoned"> {
  readonly broker: Broker;
  readonly subjects: Subjects;
  /** Shut: nothing is pulled for any hearer of this host. */
  readonly valve?: Valve | undefined;
}

/** The one consumption machine of a host: pulls for each hearer, and takes each message to its end. */
export class Deliveries {
  readonly #init: DeliveriesInit;
  readonly #closing = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #pulls: Pull[] = [];
  readonly #durables = new Map<Durable, Hearing>();
  readonly #ends: (() => void)[] = [];
  readonly #inHand = new Map<string, Promise<void>>();
  #waiting = 0;

  constructor(init: DeliveriesInit) {
    this.#init = init;
  }

  /** Messages that are being handled or settled now; those that wait for a retry do not count. */
  get moving(): number {
    return this.#inHand.size - this.#waiting;
  }

  /** Begins to pull for a hearer. Its durable is made when this is the first time that anybody hears so. */
  async begin(hearing: Hearing): Promise<void> {
    const durable = durableOf(hearing, this.#init.subjects);
    await ensureDurable(this.#init.broker, durable);
    this.#durables.set(durable, hearing);
    const onMessage = (message: PulledMessage) => this.#take(message, hearing, durable.name);
    const pulling = pull(this.#init.broker, { durable, maxMessages: maxInHand, onMessage, onTrouble: teller(hearing) });
    this.#pulls.push(pulling);
    const valves = this.#valvesOf(hearing);
    const follow = () => (valves.every(({ isOpen }) => isOpen) ? pulling.resume() : void pulling.pause());
    for (const valve of valves) this.#ends.push(valve.onChange(follow));
    follow();
  }

  /** Durables that nothing is pulled from now because a valve is shut. */
  get heldBack(): readonly string[] {
    return [...this.#durables].filter(([, hearing]) => !this.#isOpen(hearing)).map(([{ name }]) => name);
  }

  /** How the queue of each hearer stands, over all instances of its agent. */
  async queues(): Promise<readonly QueueReading[]> {
    const read = async ([durable, { operation }]: readonly [Durable, Hearing]): Promise<QueueReading> => {
      const { agent, handler: hearer } = operation;
      const { broker, subjects } = this.#init;
      const letters = { stream: streamNames(subjects.namespace).dead, filter: subjects.deadLetters({ agent, hearer }) };
      const [{ undelivered, unsettled }, dead] = await Promise.all([
        durableProgress(broker, durable),
        countOf(broker, letters),
      ]);
      return { agent, hearer, depth: undelivered, inFlight: unsettled, dead };
    };
    return Promise.all([...this.#durables].map(read));
  }

  /** Pulls no more; messages that wait for a retry go back to the broker. What is being handled goes on. */
  async stop(): Promise<void> {
    this.#closing.abort();
    for (const end of this.#ends) end();
    await Promise.all(this.#pulls.map((each) => each.stop()));
  }

  /**
   * Resolves when nothing is in hand any more. Handlers that take longer than `graceMs` real milliseconds are told to stop,
   * and what they had goes back to the broker.
   */
  async settled(graceMs: number): Promise<void> {
    const done = Promise.allSettled(this.#inHand.values());
    if (await within(done, graceMs)) return;
    this.#abandoned.abort();
    await within(done, handBackMs);
  }

  async #take(message: PulledMessage, hearing: Hearing, durable: string): Promise<void> {
    const place = `${durable} ${message.sequence}`;
    // The broker was away for longer than its patience and delivers again what is still in hand here; settling the first
    // delivery settles it.
    if (this.#inHand.has(place)) return;
    const init = {
      ...this.#init,
      abandoned: this.#abandoned.signal,
      hold: (wait: (signal: AbortSignal) => Promise<void>) => this.#hold(wait),
    };
    const work = this.#letThrough(message, hearing)
      .then((isThrough) => (isThrough ? deliver(message, hearing, init) : message.nak(1)))
      .catch(() => message.nak(1_000))
      .finally(() => this.#inHand.delete(place));
    this.#inHand.set(place, work);
    await work;
  }

  /** Waits while a valve is shut; false when the host drains first. */
  async #letThrough(message: PulledMessage, hearing: Hearing): Promise<boolean> {
    if (this.#isOpen(hearing)) return true;
    using _alive = keepAlive(message);
    return this.#hold(async (signal) => {
      while (!this.#isOpen(hearing)) for (const valve of this.#valvesOf(hearing)) await valve.opened(signal);
    });
  }

  #valvesOf({ valve }: Hearing): readonly Valve[] {
    return [this.#init.valve, valve].filter((each) => each !== undefined);
  }

  #isOpen(hearing: Hearing): boolean {
    return this.#valvesOf(hearing).every(({ isOpen }) => isOpen);
  }

  async #hold(wait: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.#waiting++;
    try {
      await wait(this.#closing.signal);
      return true;
    } catch {
      return false;
    } finally {
      this.#waiting--;
    }
  }
}

/** Tells the log why nothing comes to a hearer: when it begins, and when the reason changes. */
function teller({ operation }: Hearing): (error: MeshError) => void {
  let told: string | undefined;
  return ({ code, message }) => {
    if (code === told) return;
    told = code;
    logger.warn({ agent_id: operation.agent, operation: operation.name, hearer: operation.handler, code }, message);
  };
}

/** Where a hearer has its place. */
export function durableOf({ operation, from }: Hearing, subjects: Subjects): Durable {
  const { events, commands } = streamNames(subjects.namespace);
  const { agent, handler, name } = operation;
  const isCommand = operation.kind === "command";
  return {
    stream: isCommand ? commands : events,
    name: durableName(agent, handler),
    filters: isCommand
      ? [subjects.heardCommand(name)]
      : [subjects.heardEvent(name), subjects.heardAlone({ agent, hearer: handler })],
    from,
  };
}

async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}
