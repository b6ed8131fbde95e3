// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Balancer } from "./balancer.ts";

/**
 * In turn, each as often as its weight says and as evenly spread as can be: everybody gains its weight with every call, who
 * has most is chosen and pays what all gained together. With weights 5, 1, 1: a a b a c a a.
 */
export function weightedRoundRobin(): Balancer {
  let gained: ReadonlyMap<string, number> = new Map();
  return (candidates) => {
    const next = new Map<string, number>();
    let total = 0;
    for (const { id, weight } of candidates) {
      total += weight;
      next.set(id, (gained.get(id) ?? 0) + weight);
    }
    const of = (id: string) => next.get(id) ?? 0;
    const order = [...candidates].sort((a, b) => of(b.id) - of(a.id));
    const [first] = order;
    if (first !== undefined) next.set(first.id, of(first.id) - total);
    gained = next;
    return order;
  };
}
