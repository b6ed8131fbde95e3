// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Context, MeshError } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { describe, expect, test } from "vitest";
import { Channel } from "../agents/channel-agent.ts";
import { ChannelService, EmailAskedSchema, GuardedAskedSchema } from "../gen/parley/test/v1/channel_pb.js";

const method = ChannelService.method;

function fail(): never {
  throw new MeshError({ code: "UNAVAILABLE", message: "told to fail" });
}

function keys(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
}

/** How the two doors of the durable path send one thing that stands behind a breaker. */
const doors = [
  ["commands", (mesh: TestMesh, key: string) => mesh.dispatch(method.guarded, { key }), "ChannelService=2fGuarded"],
  ["events", (mesh: TestMesh, key: string) => mesh.publish(GuardedAskedSchema, { key }), "test-channel~guard"],
] as const;

describe.each(doors)("the breaker of a contract on %s", (_, send, durable) => {
  test("stops the pull when it opens, costs what waits no attempt, and lets as many probes through as the contract says [R31, R32]", async () => {
    const channel = new Channel();
    await using mesh = await testMesh({ agents: [channel.agent()] });
    for (const key of keys("bad", 4)) channel.behave(key, (_, { attempt }) => (attempt === 1 ? fail() : undefined));
    await Promise.all(keys("bad", 4).map((key) => send(mesh, key)));
    await mesh.settled();
    expect(channel.runs).toHaveLength(4);
    expect(mesh.heldBack.filter((name) => name.endsWith(durable))).toHaveLength(1);

    const probing = Promise.withResolvers<void>();
    for (const key of keys("good", 6)) channel.behave(key, () => probing.promise);
    for (const key of keys("bad", 4)) channel.behave(key, () => probing.promise);
    await Promise.all(keys("good", 6).map((key) => send(mesh, key)));
    await mesh.advance(29_999);
    expect(channel.runs).toHaveLength(4);

    await mesh.advance(1);
    expect(mesh.heldBack).toEqual([]);
    expect(channel.runs).toHaveLength(6);
    await mesh.advance(4_000);
    expect(channel.runs).toHaveLength(6);

    probing.resolve();
    await mesh.settled();
    expect(channel.runs).toHaveLength(14);
    // The four that failed come again with their second try; for the others it is the first.
    expect(keys("bad", 4).map((key) => channel.runsOf(key).map(({ attempt }) => attempt))).toEqual(
      Array(4).fill([1, 2]),
    );
    expect(keys("good", 6).map((key) => channel.runsOf(key).map(({ attempt }) => attempt))).toEqual(Array(6).fill([1]));
    expect(await mesh.deadLetters()).toEqual([]);
  });

  test("opens again for its whole time when a probe fails", async () => {
    const channel = new Channel();
    await using mesh = await testMesh({ agents: [channel.agent()] });
    let isDown = true;
    for (const key of keys("k", 6)) channel.behave(key, () => (isDown ? fail() : undefined));
    await Promise.all(keys("k", 4).map((key) => send(mesh, key)));
    await mesh.settled();
    await Promise.all(
      keys("k", 6)
        .slice(4)
        .map((key) => send(mesh, key)),
    );
    await mesh.advance(30_000);
    const probes = channel.runs.length - 4;
    expect(probes).toBeGreaterThanOrEqual(1);
    expect(probes).toBeLessThanOrEqual(2);
    isDown = false;
    await mesh.advance(29_999);
    expect(channel.runs).toHaveLength(4 + probes);
    await mesh.advance(2_000);
    expect(mesh.heldBack).toEqual([]);
    // Two tries at most are in the contract: what was a probe's second one is dead.
    expect((await mesh.deadLetters()).length).toBeLessThanOrEqual(probes);
    expect(new Set(channel.runs.map(({ key }) => key)).size).toBe(6);
  });
});

const systems = [
  ["smtp", { openMs: 60_000, probes: 3, good: 2, bad: 2 }],
  ["phone", { openMs: 30_000, probes: 2, good: 2, bad: 2 }],
  ["api", { openMs: 120_000, probes: 5, good: 3, bad: 1 }],
] as const;

describe("ctx.outside", () => {
  test.each(systems)(
    "keeps the breaker of %s: rate, time and probes [R32]",
    async (name, { openMs, probes, good, bad }) => {
      const channel = new Channel();
      await using mesh = await testMesh({ agents: [channel.agent()] });
      const client = mesh.client(ChannelService, { conversationId: name });
      const requests: string[] = [];
      const outside = (key: string, request: () => Promise<void> | void) =>
        channel.behave(key, (ctx) =>
          ctx.outside(name, () => {
            requests.push(key);
            return request();
          }),
        );
      for (const key of keys("good", 9)) outside(key, () => {});
      for (const key of keys("bad", 9)) outside(key, () => Promise.reject(new TypeError("connection refused")));
      for (const key of keys("good", good)) await client.quick({ key });
      for (const key of keys("bad", bad)) await expect(client.quick({ key })).rejects.toThrow("connection refused");
      expect(requests).toHaveLength(good + bad);
      const refused = (retryAfterMs: number) => ({
        code: "BREAKER_OPEN",
        errorClass: "UNAVAILABLE",
        // Not sooner than by the schedule of the method.
        retryAfterMs: Math.max(300, retryAfterMs),
        message: expect.stringContaining(`outside system "${name}"`),
      });
      // A call asks for more time than it has: it is told when to come again.
      await expect(client.quick({ key: "good 5" }, { timeoutMs: 300 })).rejects.toMatchObject(refused(openMs));
      await mesh.advance(openMs - 1);
      await expect(client.quick({ key: "good 5" }, { timeoutMs: 1 })).rejects.toMatchObject(refused(1));
      expect(requests).toHaveLength(good + bad);

      await mesh.advance(1);
      const gate = Promise.withResolvers<void>();
      const waiting = keys("probe", probes);
      for (const key of waiting) outside(key, () => gate.promise);
      const calls = waiting.map((key) => client.quick({ key }));
      await mesh.settled();
      expect(requests).toHaveLength(good + bad + probes);
      await expect(client.quick({ key: "good 6" }, { timeoutMs: 300 })).rejects.toMatchObject(refused(0));
      gate.resolve();
      await Promise.all(calls);
      await expect(client.quick({ key: "good 7" })).resolves.toMatchObject({ done: "quick good 7" });
    },
  );

  test("bounds each request by the contract's time, and stops it", async () => {
    const channel = new Channel();
    await using mesh = await testMesh({ agents: [channel.agent()] });
    let stopped: unknown;
    channel.behave("slow", (ctx) =>
      ctx.outside("smtp", (signal) => {
        signal.addEventListener("abort", () => {
          stopped = signal.reason;
        });
        return new Promise<never>(() => {});
      }),
    );
    const call = mesh.client(ChannelService).quick({ key: "slow" }, { timeoutMs: 10_100 });
    const failure = expect(call).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: expect.stringContaining("outside system smtp"),
      mayHaveRun: true,
    });
    await mesh.advance(9_999);
    expect(stopped).toBeUndefined();
    await mesh.advance(1);
    await failure;
    expect(stopped).toBeInstanceOf(MeshError);
  });

  test("of a system that no contract names says which ones there are; without a policy of its own it is just made", async () => {
    const channel = new Channel();
    await using mesh = await testMesh({ agents: [channel.agent()] });
    channel.behave("typo", (ctx) => ctx.outside("smpt", () => {}));
    await expect(mesh.client(ChannelService).quick({ key: "typo" })).rejects.toMatchObject({
      code: "CONTRACT_INCOMPLETE",
      message: expect.stringMatching(/"smpt".*"smtp", "phone", "api", "crm"/),
    });
    const answers: number[] = [];
    channel.behave("plain", async (ctx) => void answers.push(await ctx.outside("crm", () => 42)));
    await mesh.client(ChannelService).quick({ key: "plain" });
    expect(answers).toEqual([42]);
  });

  test("lets commands of the service, and hearers that met it, wait while it is open: no attempt is used, none is lost", async () => {
    const channel = new Channel();
    await using mesh = await testMesh({ agents: [channel.agent()] });
    let isDown = true;
    const requests: string[] = [];
    const mail = (ctx: Context, key: string) =>
      ctx.outside("smtp", () => {
        if (isDown) fail();
        requests.push(key);
      });
    for (const kind of ["command", "event"])
      for (const key of keys(kind, 12)) channel.behave(key, (ctx) => mail(ctx, key));
    await Promise.all(keys("command", 4).map((key) => mesh.dispatch(method.sendEmail, { key })));
    await mesh.settled();
    // All commands of the service wait, also of methods that do not use it.
    const held = mesh.heldBack.filter((name) => name.includes("ChannelService"));
    expect(new Set(held.map((name) => name.split("~")[1])).size).toBe(6);
    await Promise.all(
      keys("command", 12)
        .slice(4)
        .map((key) => mesh.dispatch(method.sendEmail, { key })),
    );
    await Promise.all(keys("event", 12).map((key) => mesh.publish(EmailAskedSchema, { key })));
    await mesh.settled();
    expect(mesh.heldBack).toContain("test-channel~email");
    const before = channel.runs.filter(({ method }) => method === "sendEmail").length;
    expect(before).toBe(4);

    isDown = false;
    await mesh.advance(59_999);
    expect(requests).toEqual([]);
    await mesh.advance(1);
    await mesh.advance(20_000);
    expect(requests.toSorted()).toEqual([...keys("command", 12), ...keys("event", 12)].toSorted());
    expect(mesh.heldBack).toEqual([]);
    expect(await mesh.deadLetters()).toEqual([]);
    const last = (key: string) => channel.runsOf(key).at(-1)?.attempt;
    expect(keys("command", 12).map(last)).toEqual([2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(keys("event", 12).map(last)).toEqual(Array(12).fill(1));
  });
});

test("commands and calls of a method share its places: commands wait for one, calls are refused and have not run", async () => {
  const channel = new Channel();
  await using mesh = await testMesh({ agents: [channel.agent()] });
  const gate = Promise.withResolvers<void>();
  for (const key of keys("held", 40)) channel.behave(key, () => gate.promise);
  const client = mesh.client(ChannelService);
  const calls = keys("held", 20).map((key) => client.quick({ key }));
  await mesh.settled();
  await Promise.all(
    keys("held", 40)
      .slice(20)
      .map((key) => mesh.dispatch(method.quick, { key })),
  );
  await mesh.settled();
  expect(channel.runs).toHaveLength(32);
  await expect(client.quick({ key: "one more" }, { timeoutMs: 200 })).rejects.toMatchObject({
    code: "OVERLOADED",
    mayHaveRun: false,
  });
  gate.resolve();
  await Promise.all(calls);
  await mesh.settled();
  expect([channel.runs.length, channel.most]).toEqual([40, 32]);
});
