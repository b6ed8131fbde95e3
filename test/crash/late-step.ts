// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { SagaStatus } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { defineAgent, host } from "@parley/mesh";
import { ErrandWishedSchema } from "../gen/parley/crash/v1/errand_pb.js";
import { startLife } from "./agent-life.ts";
import { purseOf, purses } from "./errand-agents.ts";
import type { Violation } from "./invariants.ts";
import type { Lane } from "./lanes.ts";
import { hasten } from "./settle.ts";

const limitMs = 60_000;

/**
 * Window 11: a process stands still between storing that a step begins and sending it. The saga is canceled, another process
 * undoes the step of which nobody knows whether it was done, and then the first one goes on and sends it.
 */
export async function lateStep({ server, namespace }: Lane): Promise<readonly Violation[]> {
  await using opened = new AsyncDisposableStack();
  const where = { broker: server.url, namespace, ledger: "", agents: "errands" } as const;
  const agents = [defineAgent({ name: "crash.client", publishes: [ErrandWishedSchema], journals: [purses] })];
  const client = opened.use(await host({ agents, broker: server.url, namespace, drainMs: 1_000 }));
  const plan = { point: "saga.before-call", of: "errand", hit: 1, action: "hold" } as const;
  const first = opened.use(startLife({ ...where, plan }));
  await first.url;
  await client.publish(ErrandWishedSchema, { errand: "late", plan: "straight" });
  const isHeld = await Promise.race([first.signalled.then(() => true), delay(limitMs, false)]);
  if (!isHeld) return ['I1: "late" has not come to its first step'];
  const id = "crash.errands/errand/late";
  // Before there is another process: on a busy machine that one would be given the message, and do the step, before the cancel.
  await client.sagas.cancel(id, { agent: "crash.client", by: "the suite", note: "" });
  const second = opened.use(startLife(where));
  await second.url;
  const deadline = Date.now() + limitMs;
  const status = async () => (await client.sagas.get(id)).summary.status;
  while ((await status()) !== SagaStatus.COMPENSATED) {
    if (Date.now() > deadline) return [`I4: "late" is ${SagaStatus[await status()]} while another process could go on`];
    await hasten(client.broker, namespace);
  }
  first.release();
  const sent = () => first.passed.some(({ point }) => point === "saga.after-call" || point === "saga.before-write");
  // What it sends is refused, so it passes nothing more; it gets the time that it would take.
  for (let waited = 0; waited < 2_000 && !sent(); waited += 100) await delay(100);
  const { charged = 0, refunded = 0 } = (await client.load(purses.at(purseOf("late", "a"))))["late/a"] ?? {};
  const isNothing = charged === 0 && refunded === 0 && (await status()) === SagaStatus.COMPENSATED;
  return isNothing ? [] : [`I6: "late" was charged ${charged} and refunded ${refunded} times after it was undone`];
}
