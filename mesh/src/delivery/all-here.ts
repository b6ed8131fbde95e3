// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DurableProgress } from "../broker/durable-progress.ts";
import type { Hold } from "./hold.ts";

/** What the decision needs of a message in hand. */
export type Held = Pick<Hold, "isLost" | "isSettled"> & {
  readonly message: Pick<Hold["message"], "sequence" | "deliveryCount">;
};

/** What it needs of the broker's word on the durable. */
export type Progress = Pick<DurableProgress, "unsettled" | "delivered">;

/**
 * Those messages in hand that have to be proven unsettled before {@link isAllHere} can say yes: they were delivered to somebody
 * else before, who may have acknowledged them by now. None when there is no hope.
 */
export function toProve<T extends Held>(progress: Progress, held: Iterable<T>): readonly T["message"][] {
  const counted = [...held].filter((hold) => counts(hold, progress));
  if (counted.length < progress.unsettled) return [];
  return counted.map(({ message }) => message).filter(({ deliveryCount }) => deliveryCount > 1);
}

/**
 * Whether every message that the broker holds for unsettled is in hand here.
 *
 * The broker has said, of one moment T: `unsettled` messages are delivered and not settled, all with a sequence up to
 * `delivered`. A message that is settled once is never unsettled again. So a message in hand up to `delivered` was among the
 * unsettled ones at T if it is unsettled at any moment after T, for it had been delivered by T. That is certain
 *
 * - of one that was never delivered before: nobody but this process can settle it, and it has not yet;
 * - of one that was delivered to somebody else before when the broker proves it, asked after T (`proven`): that one may have
 *   acknowledged it late.
 *
 * When as many are certain as there were unsettled ones at T, they are all of them: nothing was in other hands. What was
 * delivered after T is not counted and cannot hide anything, so a constant flow neither deceives nor delays; and as long as the
 * pin stays and nothing is lost here, whatever is delivered later comes here too.
 */
export function isAllHere(progress: Progress, held: Iterable<Held>, proven: ReadonlySet<number>): boolean {
  const certain = [...held].filter(
    (hold) => counts(hold, progress) && (hold.message.deliveryCount === 1 || proven.has(hold.message.sequence)),
  );
  return certain.length >= progress.unsettled;
}

function counts({ isLost, isSettled, message }: Held, { delivered }: Progress): boolean {
  return !isLost && !isSettled && message.sequence <= delivered;
}
