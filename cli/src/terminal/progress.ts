// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { stripVTControlCharacters } from "node:util";

/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Real milliseconds between two lines: on a terminal, where each takes the place of the last, and elsewhere. */
const pauseMs = { terminal: 100, elsewhere: 5_000 } as const;

/**
 * How far long work has come, on standard error: one line that is written over on a terminal; elsewhere a line every five
 * seconds, so that work of a moment leaves nothing in a log. `using` ends it.
 */
export class Progress implements Disposable {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  #shownAt: number;
  #text = "";
  #onLine = false;

  /** @param now milliseconds, in real time */
  constructor(stream: ProgressStream = process.stderr, now: () => number = Date.now) {
    this.#stream = stream;
    this.#now = now;
    this.#shownAt = stream.isTTY === true ? Number.NEGATIVE_INFINITY : now();
  }

  /** Says how far it is, e.g. `redriven 40 of 1200`. May be called as often as anything changes. */
  report(text: string): void {
    this.#text = text;
    const now = this.#now();
    if (now - this.#shownAt < pauseMs[this.#stream.isTTY === true ? "terminal" : "elsewhere"]) return;
    this.#shownAt = now;
    this.#write();
  }

  /** On a terminal the line goes away: what is printed next is the answer. */
  [Symbol.dispose](): void {
    if (this.#onLine) this.#stream.write("\r\u001b[K");
    this.#onLine = false;
  }

  #write(): void {
    if (this.#stream.isTTY !== true) return void this.#stream.write(`${this.#text}\n`);
    const room = Math.max(1, (this.#stream.columns ?? 80) - 1);
    this.#stream.write(`\r\u001b[K${stripVTControlCharacters(this.#text).slice(0, room)}`);
    this.#onLine = true;
  }
}
