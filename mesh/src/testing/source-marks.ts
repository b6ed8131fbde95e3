// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { streamInfo } from "../broker/ensure-stream.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { sourceStates } from "../broker/sourcing.ts";
import type { SourceEnd } from "./source-ends.ts";

/** How far somebody who reads EVENTS and COMMANDS has seen each of the streams that they take from. */
export class SourceMarks {
  readonly #seen = new Map<string, number>();
  readonly #read = new Map<string, number>();

  /** A message was read. */
  note({ stream, sequence, source }: PulledMessage): void {
    this.#read.set(stream, Math.max(this.#read.get(stream) ?? 0, sequence));
    const mark = source?.();
    if (mark !== undefined) this.#raise(stream, mark);
  }

  /** Whether all has been read up to these ends. */
  reach(ends: readonly SourceEnd[]): boolean {
    return ends.every(({ stream, origin, last }) => (this.#seen.get(`${stream} ${origin}`) ?? 0) >= last);
  }

  /** A stream leaves out what it takes for a copy; it says itself how far it is, and that is true of who has read all of it. */
  async ask(broker: Broker, stream: string): Promise<void> {
    const states = await sourceStates(broker, stream);
    const info = await streamInfo(broker, stream);
    if (info === undefined || (this.#read.get(stream) ?? 0) < info.state.last_seq) return;
    for (const state of states) this.#raise(stream, state);
  }

  #raise(stream: string, { origin, sequence }: { readonly origin: string; readonly sequence: number }): void {
    const key = `${stream} ${origin}`;
    this.#seen.set(key, Math.max(this.#seen.get(key) ?? 0, sequence));
  }
}
