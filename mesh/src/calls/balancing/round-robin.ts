// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Balancer } from "./balancer.ts";

/** Each in turn, the one whose turn comes next right behind it. */
export function roundRobin(): Balancer {
  let turn = -1;
  return (candidates) => {
    turn++;
    const first = candidates.length === 0 ? 0 : turn % candidates.length;
    return first === 0 ? candidates : [...candidates.slice(first), ...candidates.slice(0, first)];
  };
}
