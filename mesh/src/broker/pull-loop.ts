// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { createInbox, type Msg, nanos, type Subscription } from "@nats-io/transport-node";
import type { MeshError } from "../mesh-error.ts";
import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { type Durable, ensureDurable } from "./durable.ts";
import { type PulledMessage, pulledMessage } from "./pulled-message.ts";
import { Unsettled } from "./unsettled.ts";

/** How often the broker shows that an open request is still known to it. */
const heartbeatMs = 1_000;
/** A request without a sign for this long was lost with a leader or a connection. */
const silentAfterMs = 2_500;
/** How long a request stays open when there are no messages. */
const requestMs = 10_000;
/** Between two looks at a consumer that does not answer. */
const pauseMs = 250;
/** How long stopping waits for what the broker has sent already. */
const drainMs = 2_000;

/** How to pull. */
export interface PullOptions {
  readonly durable: Durable;
  /** Most messages in this process at once; no more are asked for. */
  readonly maxMessages: number;
  /** Takes a message; its place is free when the promise settles. Must settle the message and not throw. */
  readonly onMessage: (message: PulledMessage) => Promise<void>;
  /** Is told why nothing comes: the stream is gone, permissions are missing. Pulling is tried on. */
  readonly onTrouble?: ((error: MeshError) => void) | undefined;
}

interface Request {
  /** Messages that it may still bring. */
  remaining: number;
  /** When the broker last showed that it knows it. */
  sign: number;
}

/** Where the answers to requests come in. A new one for each time that the pull begins, so that old answers do not count. */
interface Door {
  readonly inbox: string;
  readonly subscription: Subscription;
  readonly requests: Map<string, Request>;
}

/**
 * Keeps requests for messages open at the broker, as many messages as there is room for, and gets over what ends them: a
 * restart of the broker, a new leader, a lost request, a deleted consumer.
 */
export class PullLoop {
  readonly #broker: Broker;
  readonly #options: PullOptions;
  readonly #unsettled = new Unsettled();
  #door: Door | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #endReconnect: () => void = () => {};
  #inHand = 0;
  #count = 0;
  #recovering = false;
  #stopped = false;

  constructor(broker: Broker, options: PullOptions) {
    this.#broker = broker;
    this.#options = options;
  }

  start(): void {
    this.#watchdog = setInterval(() => this.#watch(), pauseMs);
    this.#watchdog.unref();
    // Requests do not survive a connection.
    this.#endReconnect = this.#broker.onReconnect(() => {
      this.#door?.requests.clear();
      this.#recover();
    });
    this.resume();
  }

  /** Asks for nothing more and ends the requests that are open. What the broker had sent before it knew is handed over. */
  async pause(): Promise<void> {
    const door = this.#door;
    this.#door = undefined;
    if (door === undefined || this.#broker.connection.isClosed()) return;
    const giveUp = new AbortController();
    const drained = door.subscription.drain().catch(() => {});
    await Promise.race([drained, delay(drainMs, undefined, { signal: giveUp.signal }).catch(() => {})]);
    giveUp.abort();
  }

  /** Asks again after {@link pause}. */
  resume(): void {
    if (this.#door !== undefined || this.#stopped || this.#broker.connection.isClosed()) return;
    const inbox = createInbox();
    const requests = new Map<string, Request>();
    const subscription = this.#broker.connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => (error === null ? this.#receive(message, door) : this.#trouble(error)),
    });
    const door = { inbox, subscription, requests };
    this.#door = door;
    this.#recover();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    this.#endReconnect();
    await this.pause();
  }

  /** Sees to it that the consumer is there, then asks for messages. */
  #recover(): void {
    if (this.#recovering || this.#stopped) return;
    this.#recovering = true;
    void this.#ensureThenAsk().finally(() => {
      this.#recovering = false;
    });
  }

  async #ensureThenAsk(): Promise<void> {
    while (!this.#stopped && !this.#broker.connection.isClosed()) {
      try {
        this.#unsettled.raise(await ensureDurable(this.#broker, this.#options.durable, this.#unsettled.next()));
        return this.#ask();
      } catch (error) {
        this.#trouble(error);
        await delay(pauseMs * 4, undefined, { ref: false });
      }
    }
  }

  /** Asks for as many messages as there is room for; while a request is open, only when it is worth another one. */
  #ask(): void {
    const door = this.#door;
    if (door === undefined || this.#stopped || this.#broker.connection.isClosed()) return;
    const { durable, maxMessages } = this.#options;
    let room = maxMessages - this.#inHand;
    for (const { remaining } of door.requests.values()) room -= remaining;
    if (room < 1 || (door.requests.size > 0 && room < maxMessages / 2)) return;
    const id = String(++this.#count);
    door.requests.set(id, { remaining: room, sign: Date.now() });
    const request = { batch: room, expires: nanos(requestMs), idle_heartbeat: nanos(heartbeatMs) };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${durable.stream}.${durable.name}`;
    this.#broker.connection.publish(subject, JSON.stringify(request), { reply: `${door.inbox}.${id}` });
  }

  #receive(delivery: Msg, door: Door): void {
    const pulled = pulledMessage(delivery, (sequence) => this.#unsettled.done(sequence));
    if (pulled === undefined) {
      this.#hear(delivery, door);
      return;
    }
    this.#unsettled.begin(pulled.sequence);
    if (this.#stopped) {
      pulled.nak(1);
      return;
    }
    countDelivery(door);
    this.#inHand++;
    void this.#handOver(pulled).finally(() => {
      this.#inHand--;
      this.#ask();
    });
  }

  async #handOver(pulled: PulledMessage): Promise<void> {
    try {
      await this.#options.onMessage(pulled);
    } catch (error) {
      this.#trouble(error);
      pulled.nak(1_000);
    }
  }

  /** What the broker says about a request itself. */
  #hear(status: Msg, { inbox, requests }: Door): void {
    const id = status.subject.slice(inbox.length + 1);
    const code = status.headers?.code ?? 0;
    if (code === 100) {
      const request = requests.get(id);
      if (request !== undefined) request.sign = Date.now();
      return;
    }
    requests.delete(id);
    // 404 and 408: no messages, time is over. Anything else: the consumer is gone, has no leader or another one.
    if (code === 404 || code === 408) this.#ask();
    else void delay(pauseMs, undefined, { ref: false }).then(() => this.#recover());
  }

  #watch(): void {
    const now = Date.now();
    const { requests } = this.#door ?? {};
    if (requests === undefined || [...requests.values()].every(({ sign }) => now - sign < silentAfterMs)) return;
    requests.clear();
    this.#recover();
  }

  #trouble(error: unknown): void {
    if (!this.#stopped) this.#options.onTrouble?.(brokerError(error, `pulling for "${this.#options.durable.name}"`));
  }
}

/** A delivery does not say which request it answers: the broker serves them in turn. */
function countDelivery({ requests }: Door): void {
  const [oldest] = requests;
  if (oldest === undefined) return;
  const [id, request] = oldest;
  request.remaining--;
  request.sign = Date.now();
  if (request.remaining < 1) requests.delete(id);
}
