// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setImmediate as turn } from "node:timers/promises";
import { type Host, MeshError } from "@parley/mesh";
import { loadAgent } from "../project/modules.ts";
import { contractsOf } from "../project/project-contracts.ts";
import { AgentKeeper } from "./agent-keeper.ts";
import { operatorHost } from "./operator-host.ts";
import type { Placement, PlacementInit } from "./placement.ts";

/** How long a new agent may take to appear in the directory, in milliseconds. */
const appearMs = 10_000;

/**
 * Every agent in a process of its own, found through the directory. This process keeps them and speaks for the operator;
 * in the end its host goes first, so that nobody calls the agents any more when they are asked to finish.
 */
export async function inOwnProcesses({ modules, ...init }: PlacementInit): Promise<Placement> {
  await using opening = new AsyncDisposableStack();
  const keepers: AgentKeeper[] = [];
  opening.defer(async () => void (await Promise.all(keepers.map((keeper) => keeper[Symbol.asyncDispose]()))));
  const { broker, observer } = init;
  const loaded = Promise.all(modules.map(loadAgent));
  const host = loaded.then((agents) => operatorHost({ agents: [], broker, observer }, contractsOf(agents)));
  const starts = modules.map(async (module) => keepers.push(await AgentKeeper.start({ ...init, module })));
  // All of them, also when one fails: none may be left behind.
  await Promise.allSettled([host, ...starts]);
  const hosted = opening.use(await host);
  await Promise.all(starts);
  const services = keepers.flatMap(({ run }) => run?.services ?? []);
  await Promise.all(services.map((service) => appeared(hosted, service)));
  const open = opening.move();
  return {
    host: hosted,
    async told() {
      await turn();
      await Promise.all(keepers.map(({ run }) => run?.told()));
      for (const { run } of keepers) run?.unobserve();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function appeared({ directory }: Host, service: string): Promise<void> {
  const until = performance.now() + appearMs;
  while (directory.instancesOf(service).length === 0) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) {
      throw new MeshError({ code: "UNAVAILABLE", message: `no instance of "${service}" appeared in the directory` });
    }
    await directory.changed(leftMs);
  }
}
