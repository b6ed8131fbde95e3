// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { EchoSaidSchema } from "../../../../test/gen/parley/test/v1/echo_pb.js";
import { contracts, hearerOf } from "./test-deliveries.ts";

/** What instances have handled of each key, in the order of their beginning. */
export class Tape {
  readonly began: { readonly key: string; readonly count: number; readonly by: string }[] = [];
  readonly #running = new Map<string, number>();
  /** Keys of which two ran at once. */
  readonly overlaps: string[] = [];

  hearer(by: string, work: (key: string) => Promise<void> = async () => {}) {
    return hearerOf(
      async ({ key, text }) => {
        const count = Number(text.split(" ")[1]);
        const running = (this.#running.get(key) ?? 0) + 1;
        this.#running.set(key, running);
        if (running > 1) this.overlaps.push(`${key} ${count}`);
        this.began.push({ key, count, by });
        try {
          await work(key);
        } finally {
          this.#running.set(key, (this.#running.get(key) ?? 1) - 1);
        }
      },
      { contract: { ...contracts.event(EchoSaidSchema), ordered: true } },
    );
  }

  /** Numbers of the messages of a key as they were begun, repetitions left out. */
  of(key: string): readonly number[] {
    return [...new Set(this.began.filter((each) => each.key === key).map(({ count }) => count))];
  }

  get keys(): readonly string[] {
    return [...new Set(this.began.map(({ key }) => key))];
  }

  /** Keys whose messages were first begun in another order than they were stored in. */
  get outOfOrder(): readonly string[] {
    return this.keys.filter((key) =>
      this.of(key).some((count, index, all) => index > 0 && count < (all[index - 1] ?? 0)),
    );
  }
}

/** The partition of a key as the broker counts it: 32-bit FNV-1a. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % 16;
}
