// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Balancer, BalancerInit, Candidate } from "./balancer.ts";

/**
 * Of two that are picked at random the one that answers faster. Not the fastest of all: then all callers would run after the
 * same one. What is in flight counts as well, so an instance that hangs, and so gives no new measurement, is passed over.
 * @see https://www.eecs.harvard.edu/~michaelm/postscripts/handbook2001.pdf
 */
export function responseTime({ random, now }: BalancerInit): Balancer {
  return (candidates) => {
    const count = candidates.length;
    if (count < 2) return candidates;
    const one = pick(random, count);
    // Another than the first, each as likely.
    const other = (one + 1 + pick(random, count - 1)) % count;
    const at = now();
    const costOf = (index: number) => cost(candidates[index], at);
    const [first, second] = costOf(other) < costOf(one) ? [other, one] : [one, other];
    const rest = candidates.filter((_, index) => index !== first && index !== second);
    return [first, second].flatMap((index) => candidates[index] ?? []).concat(rest);
  };
}

/** A number below `count`, from 0; also where `random` gives 1. */
function pick(random: () => number, count: number): number {
  return Math.min(count - 1, Math.floor(random() * count));
}

/** What a further call would take there. Without a measurement what is in flight decides. */
function cost(candidate: Candidate | undefined, at: number): number {
  if (candidate === undefined) return Number.POSITIVE_INFINITY;
  const { load } = candidate;
  return (load.averageMs(at) + 0.001) * (load.inFlight + 1);
}
