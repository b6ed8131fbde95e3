// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setImmediate as turn } from "node:timers/promises";
import type { PulledDurable, PullTraffic, Traffic } from "../broker/traffic.ts";
import { HeardDurable, type StoredPlace } from "./heard-durable.ts";

/** Turns of the event loop without anything new, after which all that could go on by itself has asked for something. */
const stillTurns = 30;

/** What moves in the hosts that share one of these: all of one namespace in this process. */
export class Movement implements Traffic {
  readonly #underWay = new Map<number, string>();
  /** By message id: how often it was sent to another host, less how often it is being handled in one. */
  readonly #calls = new Map<string, number>();
  readonly #heard = new Map<string, HeardDurable>();
  readonly #stored = new Map<string, StoredPlace>();
  #begun = 0;
  #version = 0;
  #change = Promise.withResolvers<void>();

  /** Another number: something has moved since. */
  get version(): number {
    return this.#version;
  }

  /** What has begun and not ended. A call that is handled in this process is not: its handler may wait for the test. */
  get underWay(): readonly string[] {
    const calls = [...this.#calls].filter(([, count]) => count > 0);
    return [...this.#underWay.values(), ...calls.map(([messageId]) => `call "${messageId}"`)];
  }

  /** Durables whose messages are on their way to a host that takes them. */
  get awaited(): readonly HeardDurable[] {
    return [...this.#heard.values()].filter(({ isAwaited }) => isAwaited);
  }

  begin(what: string): () => void {
    const id = ++this.#begun;
    this.#underWay.set(id, what);
    this.#changed();
    return () => {
      this.#underWay.delete(id);
      this.#changed();
    };
  }

  passed(): void {
    this.#changed();
  }

  calling(messageId: string): () => void {
    return this.#onTheWay(messageId, 1);
  }

  serving(messageId: string): () => void {
    return this.#onTheWay(messageId, -1);
  }

  pulling(pulled: PulledDurable): PullTraffic {
    const { stream, name } = pulled.durable;
    const key = `${stream} ${name}`;
    const heard = this.#heard.get(key) ?? new HeardDurable(pulled.durable);
    this.#heard.set(key, heard);
    heard.pulls.add(pulled);
    const told = (work: () => void) => {
      work();
      this.#changed();
    };
    return {
      ready: (next) => told(() => heard.begin(next, this.#stored.values())),
      delivered: (sequence) => told(() => heard.came(sequence)),
      givenBack: (sequence, delayMs) => told(() => heard.wentBack(sequence, delayMs)),
      ended: () => told(() => heard.pulls.delete(pulled)),
    };
  }

  /** A message stands in a stream that is heard; to be told of each, as often as one likes. */
  stored(place: StoredPlace): void {
    const key = `${place.stream} ${place.sequence}`;
    if (!this.#stored.has(key)) for (const heard of this.#heard.values()) heard.expect(place);
    this.#stored.set(key, place);
    this.#changed();
  }

  /** Resolves when nothing is under way and nothing new begins by itself; false when that takes longer than `withinMs`. */
  async still(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    for (let turns = 0; turns < stillTurns; ) {
      const before = this.#version;
      if (!this.#isMoving) await turn();
      else if (!(await this.changes(deadline - performance.now()))) return false;
      turns = before === this.#version ? turns + 1 : 0;
    }
    return true;
  }

  /** Resolves at the next change; false when none comes within `ms` real milliseconds. */
  async changes(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, ms), false);
    });
    const changed = await Promise.race([this.#change.promise.then(() => true), late]);
    clearTimeout(timer);
    return changed;
  }

  get #isMoving(): boolean {
    if (this.#underWay.size > 0) return true;
    for (const count of this.#calls.values()) if (count > 0) return true;
    return false;
  }

  #onTheWay(messageId: string, count: 1 | -1): () => void {
    this.#count(messageId, count);
    return () => this.#count(messageId, -count);
  }

  #count(messageId: string, by: number): void {
    const count = (this.#calls.get(messageId) ?? 0) + by;
    if (count === 0) this.#calls.delete(messageId);
    else this.#calls.set(messageId, count);
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}
