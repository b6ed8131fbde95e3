// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setImmediate as turn } from "node:timers/promises";
import { loadAgent } from "../project/modules.ts";
import { contractsOf } from "../project/project-contracts.ts";
import { operatorHost } from "./operator-host.ts";
import type { Placement, PlacementInit } from "./placement.ts";

/** All agents in this process: what they say to each other never leaves it. */
export async function inOneProcess({ modules, broker, observer }: PlacementInit): Promise<Placement> {
  const agents = await Promise.all(modules.map(loadAgent));
  const host = await operatorHost({ agents, broker, observer }, contractsOf(agents));
  return {
    host,
    // The observer hears of a handler's end a moment after those who wait for what it did.
    told: async () => void (await turn()),
    [Symbol.asyncDispose]: () => host.drain(),
  };
}
