// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AgentProfileSchema, WireProtocol } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { defineAgent, host } from "@parley/mesh";
import { openPort } from "@parley/mesh/calls";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type BalancePace, balanceAgent } from "../agents/balance-agent.ts";
import { echoAgent } from "../agents/echo-agent.ts";
import { FastService, LeastService, TurnService, WeightedService } from "../gen/parley/test/v1/balance_pb.js";
import { until } from "../tools/until.ts";

let caller: TestMesh;

beforeAll(async () => {
  caller = await testMesh({ agents: [defineAgent({ name: "test.caller" })] });
});

afterAll(() => caller.drain());

const ready = () => caller.directory.instancesOf(TurnService.typeName).length;

/** Another instance, called by its name. */
async function start(who: string, { weight, ...pace }: BalancePace & { weight?: number } = {}): Promise<TestMesh> {
  const { namespace, clock } = caller;
  const before = ready();
  const mesh = await testMesh({ agents: [balanceAgent(who, pace)], namespace, clock, weight });
  await until(() => ready() === before + 1);
  return mesh;
}

/** How often each name was given. */
function counted(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

test("calls follow weight, calls in flight and response time, as the contract of each service says [R43]", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  await using _strong = await start("strong", { weight: 3, released });
  await using _weak = await start("weak", { slowMs: 500, released });
  const [weighted, least, fast] = [WeightedService, LeastService, FastService].map((service) =>
    caller.client(service),
  ) as [
    ReturnType<typeof caller.client<typeof WeightedService>>,
    ReturnType<typeof caller.client<typeof LeastService>>,
    ReturnType<typeof caller.client<typeof FastService>>,
  ];
  const names: string[] = [];
  for (let i = 0; i < 12; i++) names.push((await weighted.askWeighted({})).who);
  expect(counted(names)).toEqual({ strong: 9, weak: 3 });

  // The second goes where the first is not; then whoever is free gets all.
  const slow = least.askLeast({ wait: durationFromMs(60_000) });
  const others: string[] = [];
  for (let i = 0; i < 5; i++) others.push((await least.askLeast({})).who);
  release();
  const { who: busy } = await slow;
  expect(counted(others)).toEqual({ [busy === "strong" ? "weak" : "strong"]: 5 });

  const answers: string[] = [];
  for (let i = 0; i < 12; i++) answers.push((await fast.askFast({})).who);
  expect(counted(answers)["strong"]).toBeGreaterThanOrEqual(7);
});

test("a weight or a heartbeat that cannot be is refused before anything is opened", async () => {
  const start = (options: object) => host({ agents: [echoAgent()], broker: "nats://127.0.0.1:1", ...options });
  for (const weight of [0, 1.5, -1, 1_001, Number.NaN]) {
    await expect(start({ weight })).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("weight"),
    });
  }
  const heartbeat = { everyMs: 1_000, ttlMs: 2_000 };
  await expect(start({ heartbeat })).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringContaining("TTL"),
  });
});

test("a hundred instances come and go, and no call fails that could have succeeded elsewhere [R35, R43]", {
  timeout: 120_000,
}, async () => {
  const { namespace, clock } = caller;
  const broker = inject("natsUrl");
  const whole = (who: string) => host({ agents: [balanceAgent(who)], broker, namespace, clock, drainMs: 5_000 });
  await using _anchor = await whole("anchor");
  await until(() => ready() === 1);

  const living = new AbortController();
  const answered: string[] = [];
  const failures: unknown[] = [];
  // None is idempotent: no retry can hide a call that fails.
  const asking = [
    async () => void answered.push((await caller.client(TurnService).askInTurn({})).who),
    async () => void answered.push((await caller.client(WeightedService).askWeighted({})).who),
    async () => void answered.push((await caller.client(LeastService).askLeast({})).who),
    async () => void answered.push((await caller.client(FastService).askFast({})).who),
  ].map(async (ask) => {
    while (!living.signal.aborted) {
      await ask().catch((error: unknown) => failures.push(error));
      await wait(10);
    }
  });

  let next = 0;
  let most = 0;
  const lives = Array.from({ length: 10 }, async () => {
    const mine: AsyncDisposable[] = [];
    for (let number = next++; number < 100; number = next++) {
      // Every tenth is a host of its own; the others are what callers see of one, a port and an entry in the directory.
      mine.push(await (number % 10 === 0 ? whole(`i-${number}`) : small(`i-${number}`)));
      most = Math.max(most, ready());
      await wait(20);
      // Each place has up to three instances at a time; the oldest leaves.
      if (mine.length === 3) await mine.shift()?.[Symbol.asyncDispose]();
    }
    await Promise.all(mine.map((one) => one[Symbol.asyncDispose]()));
  });
  await Promise.all(lives);
  living.abort();
  await Promise.all(asking);
  expect(failures).toEqual([]);
  expect(most).toBeGreaterThan(10);
  expect(new Set(answered).size).toBeGreaterThan(50);
  await until(() => ready() === 1);
});

/** An instance on a port of its own, entered into the directory by the caller's host, that leaves as hosts do. */
async function small(who: string): Promise<AsyncDisposable> {
  const answer = () => ({ who });
  const handler = connectNodeAdapter({
    routes(router) {
      router.service(TurnService, { askInTurn: answer });
      router.service(WeightedService, { askWeighted: answer });
      router.service(LeastService, { askLeast: answer });
      router.service(FastService, { askFast: answer });
    },
  });
  const port = await openPort({ handler });
  const profile = create(AgentProfileSchema, {
    id: who,
    name: "test.balance",
    services: [TurnService, WeightedService, LeastService, FastService].map(({ typeName }) => typeName),
    endpoint: port.url,
    protocol: WireProtocol.CONNECT,
  });
  const registration = await caller.register(profile);
  await registration.ready();
  return {
    async [Symbol.asyncDispose]() {
      await registration.draining();
      await wait(50);
      for (let round = 0; round < 5; round++) await new Promise(setImmediate);
      await port.drain(5_000);
      await registration.leave();
    },
  };
}
