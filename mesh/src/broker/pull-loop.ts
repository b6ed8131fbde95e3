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

/**
 * Keeps requests for messages open at the broker, as many messages as there is room for, and gets over what ends them: a
 * restart of the broker, a new leader, a lost request, a deleted consumer.
 */
export class PullLoop {
  readonly #broker: Broker;
  readonly #options: PullOptions;
  readonly #inbox = createInbox();
  readonly #requests = new Map<string, Request>();
  readonly #unsettled = new Unsettled();
  #subscription: Subscription | undefined;
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
    this.#subscription = this.#broker.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#receive(message) : this.#trouble(error)),
    });
    this.#watchdog = setInterval(() => this.#watch(), pauseMs);
    this.#watchdog.unref();
    // Requests do not survive a connection.
    this.#endReconnect = this.#broker.onReconnect(() => {
      this.#requests.clear();
      this.#recover();
    });
    this.#recover();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    this.#endReconnect();
    if (this.#broker.connection.isClosed()) return;
    // Ends the requests at the broker, and hands over what it had sent before it knew.
    const giveUp = new AbortController();
    const drained = this.#subscription?.drain().catch(() => {});
    await Promise.race([drained, delay(drainMs, undefined, { signal: giveUp.signal }).catch(() => {})]);
    giveUp.abort();
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
    if (this.#stopped || this.#broker.connection.isClosed()) return;
    const { durable, maxMessages } = this.#options;
    let room = maxMessages - this.#inHand;
    for (const { remaining } of this.#requests.values()) room -= remaining;
    if (room < 1 || (this.#requests.size > 0 && room < maxMessages / 2)) return;
    const id = String(++this.#count);
    this.#requests.set(id, { remaining: room, sign: Date.now() });
    const request = { batch: room, expires: nanos(requestMs), idle_heartbeat: nanos(heartbeatMs) };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${durable.stream}.${durable.name}`;
    this.#broker.connection.publish(subject, JSON.stringify(request), { reply: `${this.#inbox}.${id}` });
  }

  #receive(delivery: Msg): void {
    const pulled = pulledMessage(delivery, (sequence) => this.#unsettled.done(sequence));
    if (pulled === undefined) {
      this.#hear(delivery);
      return;
    }
    this.#unsettled.begin(pulled.sequence);
    if (this.#stopped) {
      pulled.nak(1);
      return;
    }
    this.#countDelivery();
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

  /** A delivery does not say which request it answers: the broker serves them in turn. */
  #countDelivery(): void {
    const [oldest] = this.#requests;
    if (oldest === undefined) return;
    const [id, request] = oldest;
    request.remaining--;
    request.sign = Date.now();
    if (request.remaining < 1) this.#requests.delete(id);
  }

  /** What the broker says about a request itself. */
  #hear(status: Msg): void {
    const id = status.subject.slice(this.#inbox.length + 1);
    const code = status.headers?.code ?? 0;
    if (code === 100) {
      const request = this.#requests.get(id);
      if (request !== undefined) request.sign = Date.now();
      return;
    }
    this.#requests.delete(id);
    // 404 and 408: no messages, time is over. Anything else: the consumer is gone, has no leader or another one.
    if (code === 404 || code === 408) this.#ask();
    else void delay(pauseMs, undefined, { ref: false }).then(() => this.#recover());
  }

  #watch(): void {
    const now = Date.now();
    if ([...this.#requests.values()].every(({ sign }) => now - sign < silentAfterMs)) return;
    this.#requests.clear();
    this.#recover();
  }

  #trouble(error: unknown): void {
    if (!this.#stopped) this.#options.onTrouble?.(brokerError(error, `pulling for "${this.#options.durable.name}"`));
  }
}
