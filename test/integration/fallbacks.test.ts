// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type AgentInit, defineAgent, type Fallback, fallback, MeshError, notRun } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { describe, expect, test } from "vitest";
import { Channel, phoneToSms } from "../agents/channel-agent.ts";
import { ChannelService } from "../gen/parley/test/v1/channel_pb.js";

const { makeCall, sendSms, quick } = ChannelService.method;

function lineDown(): never {
  throw notRun(new MeshError({ code: "UNAVAILABLE", message: "line is down" }));
}

async function opened(more: Partial<AgentInit> = {}) {
  const channel = new Channel();
  return { channel, mesh: await testMesh({ agents: [channel.agent(more)] }) };
}

describe("a call", () => {
  test("that failed for good and has surely not run is answered by the method that its contract names [R30, R35]", async () => {
    const { channel, mesh } = await opened();
    await using _mesh = mesh;
    channel.behave("down", (_, { method }) => (method === "makeCall" ? lineDown() : undefined));
    const call = mesh.client(ChannelService).makeCall({ key: "down" });
    await mesh.advance(59_999);
    expect(channel.runsOf("down").map(({ method }) => method)).toEqual(["makeCall", "makeCall"]);
    await mesh.advance(1);
    expect(await call).toMatchObject({ done: "sendSms down instead" });
    expect(channel.runsOf("down").map(({ method, attempt }) => [method, attempt])).toEqual([
      ["makeCall", 1],
      ["makeCall", 2],
      ["makeCall", 3],
      ["sendSms", 1],
    ]);
    const [first, , , last] = channel.runsOf("down");
    expect(last?.messageId).not.toBe(first?.messageId);
    const called = mesh.observed.filter(({ kind }) => kind === "called");
    expect(called.map(({ header }) => [header.name, header.correlationId])).toEqual([
      ["parley.test.v1.ChannelService/SendSms", first?.messageId],
      ["parley.test.v1.ChannelService/MakeCall", first?.messageId],
    ]);
  });

  test("that may have run is not done in another way", async () => {
    const { channel, mesh } = await opened();
    await using _mesh = mesh;
    channel.behave("half", () => {
      throw new MeshError({ code: "UNAVAILABLE", message: "line broke" });
    });
    const failure = expect(mesh.client(ChannelService).makeCall({ key: "half" })).rejects.toMatchObject({
      message: "line broke",
      mayHaveRun: true,
    });
    await mesh.advance(60_000);
    await failure;
    expect(channel.runsOf("half").map(({ method }) => method)).toEqual(["makeCall", "makeCall", "makeCall"]);
  });

  test.each(["INVALID_MESSAGE", "PERMISSION_DENIED", "NOT_FOUND", "REFUSED"] as const)(
    "that fails by %s is not done in another way: it would fail there too",
    async (code) => {
      const { channel, mesh } = await opened();
      await using _mesh = mesh;
      channel.behave("wrong", () => {
        throw notRun(new MeshError({ code, message: "wrong" }));
      });
      await expect(mesh.client(ChannelService).makeCall({ key: "wrong" })).rejects.toMatchObject({ code });
      expect(channel.runsOf("wrong")).toHaveLength(1);
    },
  );

  const unable = [
    ["says that it cannot be done so", () => undefined],
    [
      "fails",
      () => {
        throw new TypeError("a defect of the mapper");
      },
    ],
  ] as const;

  test.each(unable)("whose mapper %s keeps its error", async (_, request) => {
    const map = { request, reply: () => ({}) };
    const { channel, mesh } = await opened({ fallbacks: [fallback(makeCall, sendSms, map)] });
    await using _mesh = mesh;
    channel.behave("down", () => lineDown());
    const failure = expect(mesh.client(ChannelService).makeCall({ key: "down" })).rejects.toThrow("line is down");
    await mesh.advance(60_000);
    await failure;
  });

  test("tells of both when the other method fails too", async () => {
    const { channel, mesh } = await opened();
    await using _mesh = mesh;
    channel.behave("dead", (_, { method }) => {
      if (method === "makeCall") lineDown();
      throw new MeshError({ code: "REFUSED", message: "no such number" });
    });
    const failure = expect(mesh.client(ChannelService).makeCall({ key: "dead" })).rejects.toMatchObject({
      code: "REFUSED",
      message: 'no such number; it took over from "parley.test.v1.ChannelService/MakeCall", which failed: line is down',
    });
    await mesh.advance(60_000);
    await failure;
  });
});

describe("a command", () => {
  test("that failed for good and has surely not run is done by the command of another method instead of becoming a dead letter [R30]", async () => {
    const { channel, mesh } = await opened();
    await using _mesh = mesh;
    channel.behave("down", (_, { method }) => (method === "makeCall" ? lineDown() : undefined));
    const { id } = await mesh.dispatch(makeCall, { key: "down" }, { priority: "HIGH" });
    await mesh.advance(30_000);
    await mesh.advance(30_000);
    expect(channel.runsOf("down").map(({ method }) => method)).toEqual(["makeCall", "makeCall", "makeCall", "sendSms"]);
    expect(channel.gaps("down")).toEqual([30_000, 30_000, 0]);
    expect(await mesh.deadLetters()).toEqual([]);
    const other = mesh.observed.filter(({ kind, header }) => kind === "dispatched" && header.causationId === id);
    expect(other.map(({ header }) => [header.name, header.priority, header.sourceAgentId])).toEqual([
      ["parley.test.v1.ChannelService/SendSms", "HIGH", "test.channel"],
    ]);
    expect(channel.runsOf("down").at(-1)?.messageId).toBe(other[0]?.header.messageId);
    const command = await mesh.command(id).status();
    expect(command).toMatchObject({
      state: "FAILED",
      deadLetterId: undefined,
      error: { message: expect.stringContaining(`SendSms" took over, as command "${other[0]?.header.messageId}"`) },
    });
  });

  test("of which one try may have run becomes a dead letter", async () => {
    const { channel, mesh } = await opened();
    await using _mesh = mesh;
    channel.behave("half", (_, { attempt }) => {
      if (attempt !== 2) lineDown();
      throw new MeshError({ code: "UNAVAILABLE", message: "line broke" });
    });
    await mesh.dispatch(makeCall, { key: "half" });
    await mesh.advance(30_000);
    await mesh.advance(30_000);
    expect(channel.runsOf("half").map(({ method }) => method)).toEqual(["makeCall", "makeCall", "makeCall"]);
    expect(await mesh.deadLetters()).toHaveLength(1);
  });

  test("becomes a dead letter when what should take it over is invalid", async () => {
    const broken = (): never => {
      throw new TypeError("a defect of the mapper");
    };
    const map = { request: broken, reply: broken };
    const { channel, mesh } = await opened({ fallbacks: [fallback(makeCall, sendSms, map)] });
    await using _mesh = mesh;
    channel.behave("down", () => lineDown());
    await mesh.dispatch(makeCall, { key: "down" });
    await mesh.advance(30_000);
    await mesh.advance(30_000);
    expect(await mesh.deadLetters()).toMatchObject([{ error: { message: "line is down" } }]);
  });
});

describe("a host refuses to start", () => {
  const start = (fallbacks: readonly Fallback[]) => testMesh({ agents: [new Channel().agent({ fallbacks })] });

  test("when the contract names a fallback and nobody says how", async () => {
    await expect(start([])).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringMatching(/MakeCall".*SendSms" take over.*add fallback\(from, to/),
    });
  });

  test("when an agent gives one that the contract does not name", async () => {
    const map = { request: () => ({}), reply: () => ({}) };
    const message = expect.stringMatching(/Quick", whose contract names none/);
    await expect(start([phoneToSms, fallback(quick, sendSms, map)])).rejects.toMatchObject({
      code: "REFUSED",
      message,
    });
    const agents = [defineAgent({ name: "test.caller", fallbacks: [fallback(makeCall, quick, map)] })];
    await expect(testMesh({ agents })).rejects.toMatchObject({
      message: expect.stringMatching(/names "parley.test.v1.ChannelService\/SendSms"/),
    });
  });
});
