// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ackWaitMs } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";

/** How much sooner this process gives a message up than the broker does. */
const marginMs = 500;

/**
 * A message in hand, from its arrival until it is settled or disposed of. It tells the broker that it is being worked on,
 * three times within each ack_wait and in real time, because the broker's patience is. A process that dies stops telling, and
 * the message goes to another instance; so does that of one that stood still too long, which must know that it has lost it.
 */
export class Hold implements Disposable {
  /** The message, to be settled through this hold. What has been lost is not given back: it is no longer here. */
  readonly message: PulledMessage;
  readonly #pulled: PulledMessage;
  readonly #isConnected: () => boolean;
  readonly #ending = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();
  #toldAt = performance.now();
  #isLost = false;
  #isSettled = false;

  /** @param isConnected whether what is told to the broker reaches it; who does not care is never cut off */
  constructor(pulled: PulledMessage, isConnected: () => boolean = () => true) {
    this.#pulled = pulled;
    this.#isConnected = isConnected;
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
  }

  /** Aborts when the message is lost, or {@link abandon}ed. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Whether the broker may have given the message to another instance: it must not be begun here any more. */
  get isLost(): boolean {
    if (!this.#isLost && performance.now() - this.#toldAt > ackWaitMs - marginMs) {
      this.#isLost = true;
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

  /** Tells who works on it to stop; it goes back to the broker then. */
  abandon(): void {
    this.#ending.abort(new Error("the host is draining"));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    if (this.isLost || !this.#isConnected()) return;
    this.#toldAt = performance.now();
    this.#pulled.working();
  }
}
