// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { laneIn } from "../broker/lane.ts";
import { type PulledMessage, placeOf } from "../broker/pulled-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import { logger } from "../telemetry/logger.ts";
import type { QueueReading } from "../telemetry/queue-gauges.ts";
import { type DeliveryInit, deliver } from "./deliver.ts";
import type { Hearing } from "./hearing.ts";
import { Hold } from "./hold.ts";
import { Intake, type Order, type Origin } from "./intake.ts";
import { SettledLate } from "./settled-late.ts";
import { Slots } from "./slots.ts";
import type { Valve } from "./valve.ts";

/** Handlers of events and commands that run at once in a process, unless said otherwise. */
const defaultHandlers = 256;
/** Real milliseconds in which handlers that were abandoned give back what they had. */
const handBackMs = 500;

/** What the delivery machine of a host is made of. */
export interface DeliveriesInit extends Omit<DeliveryInit, "hold" | "abandoned"> {
  readonly broker: Broker;
  readonly subjects: Subjects;
  /** Handlers that run at once, of all hearers; a part is reserved for each lane. Default: 256. */
  readonly maxHandlers?: number | undefined;
  /** Makes the streams of the mesh again when one of them is found to be gone. Default: it is waited for somebody who does. */
  readonly ensureStreams?: (() => Promise<void>) | undefined;
  /** Shut: nothing is pulled for any hearer of this host. */
  readonly valve?: Valve | undefined;
}

interface InHand {
  readonly hold: Hold;
  readonly work: Promise<void>;
}

/** The one consumption machine of a host: pulls for each hearer, and takes each message to its end. */
export class Deliveries {
  readonly #init: DeliveriesInit;
  readonly #closing = new AbortController();
  readonly #intakes: Intake[] = [];
  readonly #slots: Slots;
  readonly #inHand = new Map<string, InHand>();
  readonly #late = new SettledLate();
  #waiting = 0;
  #isMending = false;

  constructor(init: DeliveriesInit) {
    this.#init = init;
    const onFree = () => {
      for (const intake of this.#intakes) intake.ask();
    };
    this.#slots = new Slots(init.maxHandlers ?? defaultHandlers, { onFree });
  }

  /** Messages that are being handled or settled now; those that wait for a retry or for their turn do not count. */
  get moving(): number {
    return this.#inHand.size - this.#waiting;
  }

  /** Begins to pull for a hearer. Its durables are made when this is the first time that anybody hears so. */
  async begin(hearing: Hearing): Promise<void> {
    const { broker, subjects } = this.#init;
    const valves = [this.#init.valve, hearing.valve].filter((each) => each !== undefined);
    const intake = new Intake({
      broker,
      subjects,
      hearing,
      valves,
      slots: this.#slots,
      onStreamGone: () => void this.#mend(),
      take: (message, origin) => this.#take(message, origin),
    });
    this.#intakes.push(intake);
    await intake.begin();
  }

  /** Durables that nothing is pulled from now because a valve is shut. */
  get heldBack(): readonly string[] {
    return this.#intakes.filter(({ isOpen }) => !isOpen).flatMap(({ names }) => names);
  }

  /** How the queue of each hearer stands, over all instances of its agent. */
  async queues(): Promise<readonly QueueReading[]> {
    return Promise.all(this.#intakes.map((intake) => intake.queue()));
  }

  /** Pulls no more; messages that wait for a retry go back to the broker. What is being handled goes on. */
  async stop(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#intakes.map((intake) => intake.stop()));
  }

  /**
   * Resolves when nothing is in hand any more. Handlers that take longer than `graceMs` real milliseconds are told to stop,
   * and what they had goes back to the broker.
   */
  async settled(graceMs: number): Promise<void> {
    const done = Promise.allSettled([...this.#inHand.values()].map(({ work }) => work));
    if (!(await within(done, graceMs))) {
      for (const { hold } of this.#inHand.values()) hold.abandon();
      await within(done, handBackMs);
    }
    await within(Promise.allSettled(this.#intakes.map((intake) => intake.leave())), handBackMs);
  }

  async #take(message: PulledMessage, origin: Origin): Promise<void> {
    const { order } = origin;
    const place = [origin.durable.name, ...placeOf(message)].join(" ");
    for (let before = this.#inHand.get(place); before !== undefined; before = this.#inHand.get(place)) {
      // The broker was away for longer than its patience and delivers again what is still in hand here; settling the first
      // delivery settles it, unless that one was lost.
      if (!before.hold.isLost) return;
      await before.work;
    }
    if (this.#late.has(place)) {
      message.ack();
      return;
    }
    const hold = new Hold(message, {
      isLeased: order !== undefined,
      onLost: () => order?.doubt(),
    });
    const work = this.#handle(hold, origin)
      .catch((error: unknown) => {
        logger.warn(
          { err: error, subject: message.subject },
          "a message could not be taken to its end; it comes again",
        );
        hold.message.nak(1_000);
      })
      .finally(() => {
        hold[Symbol.dispose]();
        this.#inHand.delete(place);
        if (hold.isLost && hold.isSettled) this.#late.add(place);
      });
    this.#inHand.set(place, { hold, work });
    await work;
  }

  async #handle(hold: Hold, { intake, order }: Origin): Promise<void> {
    const { message } = hold;
    if (!(await this.#letThrough(intake, hold))) return message.nak(1);
    const leave = order === undefined ? () => {} : await this.#inTurn(order, hold);
    try {
      if (leave === undefined || this.#closing.signal.aborted) return message.nak(1);
      await deliver(message, placed(intake, hold), {
        ...this.#init,
        abandoned: hold.signal,
        hold: (wait) => this.#whileWaiting(hold, wait),
      });
    } finally {
      leave?.();
    }
  }

  /** Waits while a valve is shut; false when the host drains first, or the message is lost. */
  #letThrough(intake: Intake, hold: Hold): Promise<boolean> {
    if (intake.isOpen) return Promise.resolve(true);
    return this.#whileWaiting(hold, (signal) => intake.opened(signal));
  }

  /** What waits does not move. False when the host drains first, or the message is lost. */
  async #whileWaiting(hold: Hold, wait: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.#waiting++;
    try {
      await wait(AbortSignal.any([hold.waiting, this.#closing.signal]));
      return true;
    } catch {
      return false;
    } finally {
      this.#waiting--;
    }
  }

  async #inTurn(order: Order, hold: Hold): Promise<(() => void) | undefined> {
    this.#waiting++;
    try {
      return await order.turn(hold);
    } finally {
      this.#waiting--;
    }
  }

  /** Once at a time: many hearers find the same stream gone. */
  async #mend(): Promise<void> {
    const { ensureStreams } = this.#init;
    if (ensureStreams === undefined || this.#isMending || this.#closing.signal.aborted) return;
    this.#isMending = true;
    try {
      logger.error({}, "a stream of the mesh has been deleted; its streams are made again from the journals");
      await ensureStreams();
    } catch (error) {
      logger.error({ err: error }, "the streams of the mesh cannot be made again; it is tried on");
    } finally {
      this.#isMending = false;
    }
  }
}

/** A hearing whose handler runs when there is a place for it, if the message is still here then. */
function placed(intake: Intake, hold: Hold): Hearing {
  const { hearing } = intake;
  return {
    ...hearing,
    handle: (incoming) =>
      intake.run(laneIn(hold.message.subject), async () => {
        hold.assertHeld();
        intake.begins(hold.message);
        return hearing.handle(incoming);
      }),
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
