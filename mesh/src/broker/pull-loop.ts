// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { type Msg, nanos, type Subscription } from "@nats-io/transport-node";
import { MeshError } from "../mesh-error.ts";
import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { type Durable, pinGroup } from "./durable.ts";
import { DurablePlace } from "./durable-place.ts";
import { stallOf } from "./durable-stall.ts";
import type { PullOptions } from "./pull-options.ts";
import { PullRequests } from "./pull-requests.ts";
import { type PulledMessage, pulledMessage } from "./pulled-message.ts";
import { StandStill } from "./stand-still.ts";
import { type PulledDurable, type PullTraffic, underWay } from "./traffic.ts";

/** How often the broker shows that an open request is still known to it. */
const heartbeatMs = 1_000;
/** How long a request stays open when there are no messages. */
const requestMs = 10_000;
/** How long a request stays open whose messages are dated: they may be as old as it is. */
const datedRequestMs = 2_000;
/** Messages in the first request and after one that brought nothing; doubled by each that was used up. */
const firstBatch = 4;
/** Between two looks at a consumer that does not answer. */
const pauseMs = 250;
/** How long stopping waits for what the broker has sent already. */
const drainMs = 2_000;

interface Door {
  readonly subscription: Subscription;
  readonly requests: PullRequests;
}

/**
 * Keeps requests for messages open at the broker, as many messages as there is room for, and gets over what ends them: a
 * restart of the broker, a new leader, a lost request, a deleted consumer.
 */
export class PullLoop implements PulledDurable {
  readonly #broker: Broker;
  readonly #options: PullOptions;
  readonly #place: DurablePlace;
  readonly #standStill: StandStill;
  #door: Door | undefined;
  #traffic: PullTraffic | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #endReconnect: () => void = () => {};
  #inHand = 0;
  #batch = firstBatch;
  #recovering = false;
  #isPaused = false;
  #stopped = false;

  constructor(broker: Broker, options: PullOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#standStill = new StandStill(broker);
    this.#place = new DurablePlace(broker, options.durable, options.onRemade);
  }

  /** Requests that are open at the broker. */
  get requests(): number {
    return this.#door?.requests.size ?? 0;
  }

  get durable(): Durable {
    return this.#options.durable;
  }

  get takes(): boolean {
    return !this.#isPaused && this.#room >= 1;
  }

  start(): void {
    this.#traffic = this.#broker.traffic?.pulling(this);
    this.#watchdog = setInterval(() => this.#watch(), pauseMs);
    this.#watchdog.unref();
    // Requests do not survive a connection.
    this.#endReconnect = this.#broker.onReconnect(() => this.#forgetRequests());
    this.resume();
  }

  /** Asks for nothing more and ends the requests that are open. What the broker had sent before it knew is handed over. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#closeDoor();
  }

  /** Asks again after {@link pause}. */
  resume(): void {
    this.#isPaused = false;
    this.#openDoor();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#watchdog);
    this.#endReconnect();
    await this.pause();
    this.#traffic?.ended();
  }

  /**
   * Asks for as many messages as there is room for; while a request is open, only when it is worth another one. To be called
   * when `room` has grown.
   */
  ask(): void {
    if (this.#door === undefined || this.#stopped || this.#recovering || this.#isClosed) return;
    const { requests } = this.#door;
    const { maxMessages } = this.#options;
    const most = Math.min(this.#room, this.#batch) - requests.remaining;
    const isWorth = !this.#isDated && most >= Math.min(this.#batch, maxMessages) / 2;
    if (most >= 1 && (requests.size === 0 || isWorth)) this.#request(most);
  }

  /** A connection that is being closed takes nothing any more. */
  get #isClosed(): boolean {
    const { connection } = this.#broker;
    return connection.isClosed() || connection.isDraining();
  }

  get #isDated(): boolean {
    return this.#options.isDated ?? this.#options.pin !== undefined;
  }

  /** Asks anew: nobody knows of the requests that are open. What comes of them all the same has their date. */
  #forgetRequests(): void {
    if (this.#isDated) return void this.#askAnew();
    this.#door?.requests.clear();
    this.#recover();
  }

  async #askAnew(): Promise<void> {
    await this.#closeDoor();
    this.#openDoor();
  }

  /** Messages that there is a place for. */
  get #room(): number {
    const { maxMessages, room = () => Number.POSITIVE_INFINITY } = this.#options;
    return Math.min(maxMessages - this.#inHand, room());
  }

  async #closeDoor(): Promise<void> {
    const door = this.#door;
    this.#door = undefined;
    if (door === undefined || this.#isClosed) return;
    const giveUp = new AbortController();
    const drained = door.subscription.drain().catch(() => {});
    await Promise.race([drained, delay(drainMs, undefined, { signal: giveUp.signal }).catch(() => {})]);
    giveUp.abort();
  }

  #openDoor(): void {
    if (this.#door !== undefined || this.#isPaused || this.#stopped || this.#isClosed) return;
    const requests = new PullRequests();
    const subscription = this.#broker.connection.subscribe(`${requests.inbox}.*`, {
      callback: (error, message) => (error === null ? this.#receive(message, requests) : this.#trouble(error)),
    });
    this.#door = { requests, subscription };
    this.#recover();
  }

  #request(messages: number): void {
    if (this.#door === undefined) return;
    const { durable, pin } = this.#options;
    const expiresMs = pin?.requestMs ?? (this.#isDated ? datedRequestMs : requestMs);
    const request = {
      batch: messages,
      expires: nanos(expiresMs),
      idle_heartbeat: nanos(Math.min(heartbeatMs, expiresMs / 2)),
      ...(pin === undefined ? {} : { group: pinGroup, ...(pin.id === undefined ? {} : { id: pin.id }) }),
    };
    const reply = this.#door.requests.begin(messages);
    this.#publish(durable, request, reply);
  }

  #publish({ stream, name }: Durable, request: object, reply: string): void {
    this.#broker.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, JSON.stringify(request), { reply });
  }

  /** Sees to it that the consumer is there, then asks for messages. */
  #recover(): void {
    if (this.#recovering || this.#stopped) return;
    this.#recovering = true;
    void underWay(this.#broker, this.#options.durable.name, this.#ensured()).finally(() => {
      this.#recovering = false;
      this.ask();
    });
  }

  async #ensured(): Promise<void> {
    while (!this.#stopped && !this.#isClosed) {
      try {
        const next = await this.#place.ensure();
        this.#traffic?.ready(next);
        return;
      } catch (error) {
        this.#trouble(error);
        await delay(pauseMs * 4, undefined, { ref: false });
      }
    }
  }

  #receive(delivery: Msg, requests: PullRequests): void {
    const pulled = pulledMessage(delivery, {
      connection: this.#broker.connection,
      notBefore: this.#isDated ? requests.begun : performance.now(),
      onDone: (sequence) => this.#place.done(sequence),
      onGivenBack: (sequence, delayMs) => this.#traffic?.givenBack(sequence, delayMs),
    });
    if (pulled === undefined) {
      this.#hear(delivery, requests);
      return;
    }
    this.#place.begin(pulled.sequence);
    this.#traffic?.delivered(pulled.sequence);
    if (this.#stopped) {
      pulled.nak(1);
      return;
    }
    if (requests.countDelivery()) this.#batch = Math.min(this.#batch * 2, this.#options.maxMessages);
    // What came while the process stood still may be with another instance by now; if not, the broker sends it again.
    if (this.#standStill.look()) return void this.#traffic?.givenBack(pulled.sequence, 0);
    this.#options.pin?.held(delivery.headers?.get("Nats-Pin-Id"));
    this.#inHand++;
    void this.#handOver(pulled).finally(() => {
      this.#inHand--;
      this.ask();
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
  #hear(status: Msg, requests: PullRequests): void {
    const code = status.headers?.code ?? 0;
    if (code === 100) {
      requests.sign(status.subject);
      return;
    }
    const wasInVain = requests.end(status.subject);
    const isKeeping = status.subject === `${requests.inbox}.pin`;
    // 404 and 408: no messages, time is over. Anything else: the consumer is gone, has no leader or another one.
    if (code === 404 || code === 408) {
      if (wasInVain) this.#batch = firstBatch;
      if (wasInVain && this.#options.pin === undefined) void this.#lookForStall();
      this.ask();
    } else if (code === 423) {
      this.#options.pin?.lost();
      void delay(pauseMs, undefined, { ref: false }).then(() => this.ask());
    } else if (!isKeeping) {
      void delay(pauseMs, undefined, { ref: false }).then(() => this.#recover());
    }
  }

  #watch(): void {
    this.#standStill.look();
    const requests = this.#door?.requests;
    if (requests === undefined) return;
    if (requests.isLost) {
      this.#forgetRequests();
    } else if (requests.size === 0) {
      this.#keepPin(requests);
      this.ask();
    }
  }

  /** A request brought nothing all its time. Where messages wait all the same, and nobody has any, it begins anew, and says so. */
  async #lookForStall(): Promise<void> {
    const { durable } = this.#options;
    const told = await stallOf(this.#broker, durable).catch(() => undefined);
    if (told === undefined || this.#door === undefined) return;
    this.#trouble(new MeshError({ code: "BROKER_UNAVAILABLE", message: told }));
    await this.#askAnew();
  }

  /** Without a request the broker would give the pin to another puller; one that no message fits into keeps it. */
  #keepPin({ inbox }: PullRequests): void {
    const { durable, pin } = this.#options;
    if (pin?.id === undefined || this.#stopped || this.#isClosed) return;
    const request = { batch: 1, max_bytes: 1, expires: nanos(pauseMs), group: pinGroup, id: pin.id };
    this.#publish(durable, request, `${inbox}.pin`);
  }

  #trouble(error: unknown): void {
    if (!this.#stopped) this.#options.onTrouble?.(brokerError(error, `pulling for "${this.#options.durable.name}"`));
  }
}
