// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Is told what is on its way between a process and its broker, as it happens: whoever wants to know when nothing moves any more
 * counts it. Nothing is counted where nobody is told.
 */
export interface Traffic {
  /**
   * Something begins that comes to its end by itself, in real time: a question to the broker, a pause before it is asked again.
   *
   * @param what for who wonders what is waited for
   * @returns what is to be called when it has ended
   */
  begin(what: string): () => void;
  /** A message was sent or came in that nobody answers and no durable brings. */
  passed(): void;
  /** A call goes out to another host. Returns what is to be called when it is answered. */
  calling(messageId: string): () => void;
  /** A call has come in and is handled. Returns what is to be called when it has been, and the answer is on its way. */
  serving(messageId: string): () => void;
  /** A durable is pulled from, from now on. */
  pulling(pulled: PulledDurable): PullTraffic;
}

/** A durable that this process pulls from. */
export interface PulledDurable {
  readonly durable: {
    readonly stream: string;
    readonly name: string;
    readonly filters: readonly string[];
    readonly pinned?: boolean | undefined;
  };
  /** Whether a message that waits there would be taken: there is room, and pulling does not pause. */
  readonly takes: boolean;
}

/** Is told what one pull brings. */
export interface PullTraffic {
  /** The durable is there. @param next the first message that it may not have settled, as its sequence */
  ready(next: number): void;
  delivered(sequence: number): void;
  /** A message goes back to the broker unsettled and is to come again, not before `delayMs`. */
  givenBack(sequence: number, delayMs: number): void;
  /** Nothing is pulled any more. */
  ended(): void;
}

/** Lets the traffic of a broker know of work that ends by itself. */
export function underWay<T>(
  on: { readonly traffic?: Traffic | undefined },
  what: string,
  work: Promise<T>,
): Promise<T> {
  return on.traffic === undefined ? work : work.finally(on.traffic.begin(what));
}
