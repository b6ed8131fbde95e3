// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BulkProgressSchema } from "@parley/contracts/parley/mesh/v1/bulk_pb.js";
import { type Clock, sleep } from "../clock.ts";
import { errorDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";

/** Work on many things. */
export interface Bulk<Thing> {
  readonly things: AsyncIterable<Thing>;
  /** Whether it is meant. */
  readonly isMeant: (thing: Thing) => boolean;
  readonly idOf: (thing: Thing) => string;
  readonly work: (thing: Thing) => Promise<void>;
  /** Most in a second; unset: as fast as it goes. */
  readonly perSecond?: number | undefined;
  readonly clock: Clock;
  /** Ends it between two things. */
  readonly signal: AbortSignal;
}

/** How far it is, as it is told. */
export type Progress = MessageInitShape<typeof BulkProgressSchema>;

/** Real milliseconds between two tellings. */
const tellAfterMs = 200;
/** Problems that are told at once, so that no telling is too large. */
const maxProblems = 50;

/**
 * Works on one thing after the other and tells how far it is: now and then, and at the end. What fails is told and left behind;
 * only what would fail with all others too, a broker that is away, ends the whole.
 *
 * @throws MeshError BROKER_UNAVAILABLE; whatever reading the things throws; the signal's reason
 */
export async function* inBulk<Thing>(bulk: Bulk<Thing>): AsyncGenerator<Progress> {
  const { things, isMeant, idOf, work, signal } = bulk;
  const count = { seen: 0n, done: 0n, failed: 0n };
  let problems: NonNullable<Progress["problems"]> = [];
  let toldAt = performance.now();
  const pace = pacer(bulk);
  for await (const thing of things) {
    signal.throwIfAborted();
    count.seen++;
    if (isMeant(thing)) {
      await pace();
      try {
        await work(thing);
        count.done++;
      } catch (thrown) {
        const error = MeshError.from(thrown);
        if (error.code === "BROKER_UNAVAILABLE") throw error;
        count.failed++;
        problems = [...problems, { id: idOf(thing), error: errorDetail(error) }];
      }
    }
    if (problems.length < maxProblems && performance.now() - toldAt < tellAfterMs) continue;
    yield { ...count, problems };
    problems = [];
    toldAt = performance.now();
  }
  yield { ...count, problems, finished: true };
}

/** Waits until the next thing may begin: in each second no more of them than are allowed, evenly spread. */
function pacer({ perSecond, clock, signal }: Pick<Bulk<unknown>, "perSecond" | "clock" | "signal">) {
  if (perSecond === undefined) return async () => {};
  let next = clock.now();
  return async () => {
    const now = clock.now();
    if (next > now) await sleep(clock, next - now, signal);
    // What was slow is not made up for.
    next = Math.max(next, now) + 1_000 / perSecond;
  };
}
