// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ackWaitMs } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";

/** How much sooner this process gives a message up than the broker does. */
const marginMs = 500;

/** One that may have been on its way for longer is told of as soon as it arrives. */
const agedMs = 1_000;

/** How a message is held. */
export interface HoldOptions {
  /**
   * Whether only what the broker has confirmed counts as told, so that a message whose words do not reach it is lost too.
   * Default: what is told is taken for heard.
   */
  readonly isLeased?: boolean | undefined;
  /** Called once, when it is noticed that the message is lost. */
  readonly onLost?: (() => void) | undefined;
}

/**
 * A message in hand, from its arrival until it is settled or disposed of. It tells the broker that it is being worked on,
 * three times within each ack_wait and in real time, because the broker's patience is. A process that dies stops telling, and
 * the message goes to another instance; so does that of one that stood still too long, which must know that it has lost it.
 *
 * A leased one is not lost before the broker gives it to somebody else: its time runs from a moment before the broker sent
 * it, then from before each word that the broker confirmed, and ends {@link marginMs} sooner than the broker's.
 */
export class Hold implements Disposable {
  /** The message, to be settled through this hold. What has been lost is not given back: it is no longer here. */
  readonly message: PulledMessage;
  readonly #pulled: PulledMessage;
  readonly #options: HoldOptions;
  readonly #ending = new AbortController();
  readonly #wanted = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  #toldAt: number;
  #isLost = false;
  #isSettled = false;

  constructor(pulled: PulledMessage, options: HoldOptions = {}) {
    this.#pulled = pulled;
    this.#options = options;
    this.#toldAt = pulled.notBefore;
    this.#timer = setInterval(() => this.#tell(), ackWaitMs / 3);
    this.#timer.unref();
    const settling = (settle: () => void) => () => {
      this.#isSettled = true;
      settle();
    };
    this.message = {
      ...pulled,
      ack: settling(pulled.ack),
      term: settling(pulled.term),
      nak: (delayMs) => {
        if (!this.isLost) pulled.nak(delayMs);
      },
      working: () => {},
    };
    if (performance.now() - pulled.notBefore > agedMs) this.#tell();
  }

  /** Aborts when the message is lost, or {@link abandon}ed. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Aborts when it is to wait no longer: when it is lost or abandoned, or {@link handBack wanted} elsewhere. */
  get waiting(): AbortSignal {
    return AbortSignal.any([this.signal, this.#wanted.signal]);
  }

  /** Whether the broker may have given the message to another instance: it must not be begun here any more. */
  get isLost(): boolean {
    if (!this.#isLost && performance.now() - this.#toldAt > ackWaitMs - marginMs) {
      this.#isLost = true;
      this.#options.onLost?.();
      this.#ending.abort(new Error("the message is with another instance"));
    }
    return this.#isLost;
  }

  /** Whether it was acknowledged or ended here. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** @throws the reason why it must not be begun, when it is lost or abandoned */
  assertHeld(): void {
    if (this.isLost || this.signal.aborted) throw this.signal.reason;
  }

  /** Real milliseconds since it arrived. */
  get ageMs(): number {
    return performance.now() - this.#began;
  }

  /** Acknowledges a message that has not begun, for it waits elsewhere. */
  letGo(): void {
    this.message.ack();
    this.#ending.abort(new Error("the message waits elsewhere"));
  }

  /** From now on it does not wait here: it goes back to the broker, unless its handler runs and ends well. */
  handBack(): void {
    this.#wanted.abort(new Error("another instance has the partition"));
  }

  /** Tells who works on it to stop; it goes back to the broker then. */
  abandon(): void {
    this.#ending.abort(new Error("the host is draining"));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    if (this.isLost) return;
    const now = performance.now();
    if (this.#options.isLeased !== true) {
      this.#toldAt = now;
      this.#pulled.working();
      return;
    }
    this.#pulled.working(() => {
      // One that was lost meanwhile stays so, whatever the broker says now.
      if (!this.isLost) this.#toldAt = Math.max(this.#toldAt, now);
    });
  }
}
