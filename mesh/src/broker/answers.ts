// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createInbox, errors, type Msg, type MsgHdrs } from "@nats-io/transport-node";
import type { Broker } from "./connection.ts";
import { underWay } from "./traffic.ts";

/** Milliseconds: shorter than the loss of a leader, since an attempt that was lost with a connection shall not cost more. */
const timeoutMs = 2_000;
/** An answer that has not come this long after a reconnect is for the old connection. */
const afterReconnectMs = 100;
/** How exactly the time is watched. */
const watchEveryMs = 250;

/** What is asked. */
export interface Question {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs;
}

interface Asked {
  readonly resolve: (answer: Msg) => void;
  readonly reject: (why: Error) => void;
  readonly until: number;
}

const known = new WeakMap<Broker, Answers>();

/** The answers that come in over a connection. */
export function answersOf(broker: Broker): Answers {
  const answers = known.get(broker) ?? new Answers(broker);
  known.set(broker, answers);
  return answers;
}

/**
 * Answers to what one connection asks, over one subscription. Requests of the client library cost several times as much: each has a
 * timer, a race and an error of its own, also when all goes well.
 */
export class Answers {
  readonly #broker: Broker;
  readonly #inbox = createInbox();
  /** In the order in which they were asked. */
  readonly #asked = new Map<string, Asked>();
  #count = 0;
  #isOpen = false;

  constructor(broker: Broker) {
    this.#broker = broker;
  }

  /**
   * Asks, and gives the answer. Rejects when none comes within two seconds, or when the connection was lost and found again
   * meanwhile: what was sent into a broken connection is gone, and so is what the client library had not sent yet. Rejects with
   * the library's own error when the connection is closed or drains.
   */
  async ask({ subject, payload, headers }: Question): Promise<Msg> {
    // The client library would still send it, but hears no answer any more.
    if (this.#broker.connection.isDraining()) throw new errors.DrainingConnectionError();
    if (!this.#isOpen) this.#open();
    const id = String(++this.#count);
    this.#broker.connection.publish(subject, payload, { headers, reply: `${this.#inbox}.${id}` });
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    this.#asked.set(id, { resolve, reject, until: performance.now() + timeoutMs });
    return underWay(this.#broker, subject, promise);
  }

  #open(): void {
    const { connection, onReconnect } = this.#broker;
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => {
        if (error === null) this.#take(answer);
      },
    });
    this.#isOpen = true;
    onReconnect(() => {
      const lost = [...this.#asked.keys()];
      setTimeout(() => this.#giveUp(lost, "the connection was lost before the answer came"), afterReconnectMs);
    });
    const watch = setInterval(() => this.#giveUp(this.#late(), "no answer came in time"), watchEveryMs);
    watch.unref();
    void connection.closed().then(() => {
      clearInterval(watch);
      this.#giveUp([...this.#asked.keys()], "the connection was closed before the answer came");
    });
  }

  #take(answer: Msg): void {
    const id = answer.subject.slice(this.#inbox.length + 1);
    this.#asked.get(id)?.resolve(answer);
    this.#asked.delete(id);
  }

  #late(): readonly string[] {
    const now = performance.now();
    const late: string[] = [];
    for (const [id, { until }] of this.#asked) {
      if (until > now) break;
      late.push(id);
    }
    return late;
  }

  #giveUp(ids: readonly string[], why: string): void {
    for (const id of ids) {
      this.#asked.get(id)?.reject(new Error(why));
      this.#asked.delete(id);
    }
  }
}
