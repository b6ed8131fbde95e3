// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createInbox } from "@nats-io/transport-node";

/** A request without a sign for this long was lost with a leader or a connection. */
const silentAfterMs = 2_500;

interface Request {
  /** Messages that it may still bring. */
  remaining: number;
  /** Whether it brought anything. */
  isFruitful: boolean;
  /** When the broker last showed that it knows it. */
  sign: number;
  /** Of `performance.now()`: before it was sent. */
  readonly begun: number;
}

/**
 * The requests that are open at the broker, under the inbox where their answers come in. Each time that a pull begins it has
 * new ones, so that answers to older requests do not count.
 */
export class PullRequests {
  readonly inbox = createInbox();
  readonly #open = new Map<string, Request>();
  #count = 0;

  /** Requests that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Messages that may still come. */
  get remaining(): number {
    let sum = 0;
    for (const { remaining } of this.#open.values()) sum += remaining;
    return sum;
  }

  /** When the oldest one that is open was begun, of `performance.now()`; for ever ago when none is. */
  get begun(): number {
    const [oldest] = this.#open.values();
    return oldest?.begun ?? Number.NEGATIVE_INFINITY;
  }

  /** Notes a new request. Returns the subject for its answers. */
  begin(messages: number): string {
    const id = String(++this.#count);
    this.#open.set(id, { remaining: messages, isFruitful: false, sign: Date.now(), begun: performance.now() });
    return `${this.inbox}.${id}`;
  }

  /** A delivery does not say which request it answers: the broker serves them in turn. True when the request is used up. */
  countDelivery(): boolean {
    const [oldest] = this.#open;
    if (oldest === undefined) return false;
    const [id, request] = oldest;
    request.remaining--;
    request.isFruitful = true;
    request.sign = Date.now();
    if (request.remaining > 0) return false;
    this.#open.delete(id);
    return true;
  }

  /** The broker showed that it knows a request. */
  sign(subject: string): void {
    const request = this.#open.get(this.#idIn(subject));
    if (request !== undefined) request.sign = Date.now();
  }

  /** The broker has ended a request. True when it had brought nothing. */
  end(subject: string): boolean {
    const id = this.#idIn(subject);
    const request = this.#open.get(id);
    this.#open.delete(id);
    return request !== undefined && !request.isFruitful;
  }

  clear(): void {
    this.#open.clear();
  }

  /** Whether a request is open that the broker has not spoken of for too long. */
  get isLost(): boolean {
    const now = Date.now();
    return [...this.#open.values()].some(({ sign }) => now - sign >= silentAfterMs);
  }

  #idIn(subject: string): string {
    return subject.slice(this.inbox.length + 1);
  }
}
