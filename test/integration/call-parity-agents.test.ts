// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { MaintenanceSchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { type Client, defineAgent, type Implementation, MeshError, notRun, serve } from "@parley/mesh";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountAgent } from "../agents/account-agent.ts";
import { Channel, phoneToSms } from "../agents/channel-agent.ts";
import { echoAgent } from "../agents/echo-agent.ts";
import { AccountService } from "../gen/parley/test/v1/account_pb.js";
import { ChannelService } from "../gen/parley/test/v1/channel_pb.js";
import { type CountRequest, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

/** What agents may rely on in calls holds at both doors, beyond what call-parity shows of a single call. */
describe.each(["local", "http"] as const)("at the %s door", (door) => {
  const clock = new ManualClock();
  const channel = new Channel();
  let ended = 0;
  let serving: TestMesh;
  let calling: TestMesh;
  let bank: Client<typeof AccountService>;

  /** Streams one number, and then waits for what never comes. */
  async function* standingStill({ text }: CountRequest) {
    try {
      yield { number: 1, text };
      await new Promise(() => {});
    } finally {
      ended++;
    }
  }

  /** Streams without end. */
  async function* endless({ text }: CountRequest) {
    try {
      for (let number = 1; ; number++) yield { number, text };
    } finally {
      ended++;
    }
  }

  beforeAll(async () => {
    const [echo] = echoAgent().serves;
    const implementation = echo?.implementation as unknown as Implementation<typeof EchoService>;
    const count = (request: CountRequest) => (request.text === "endless" ? endless(request) : standingStill(request));
    const agents = [
      accountAgent,
      channel.agent(),
      defineAgent({ name: "test.echo", serves: [serve(EchoService, { ...implementation, count })] }),
    ];
    const caller = defineAgent({ name: "test.caller", fallbacks: [phoneToSms] });
    serving = await testMesh({ agents: door === "local" ? [caller, ...agents] : agents, clock });
    const { namespace } = serving;
    calling = door === "local" ? serving : await testMesh({ agents: [caller], namespace, clock });
    for (const { typeName } of [AccountService, ChannelService, EchoService]) {
      await until(() => calling.directory.instancesOf(typeName).length > 0);
    }
    bank = calling.client(AccountService, { source: "test.caller" });
  });

  afterAll(async () => {
    if (door === "http") await calling.drain();
    await serving.drain();
  });

  test("a repeat with the same idempotency key gets the first answer and has no second effect", async () => {
    const request = { account: "ann", amount: 3n, requestId: "r-1" };
    await expect(bank.deposit(request)).resolves.toMatchObject({ balance: 3n });
    await bank.deposit({ account: "ann", amount: 1n });
    await expect(bank.deposit(request)).resolves.toMatchObject({ balance: 3n });
    await expect(bank.deposit({ ...request, amount: 4n })).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
    await expect(bank.getBalance({ account: "ann" })).resolves.toMatchObject({ balance: 4n });
  });

  test("another method answers for one that has surely not run, when its tries are over [R30]", async () => {
    channel.behave("down", (_, { method }) => {
      if (method === "makeCall") throw notRun(new MeshError({ code: "UNAVAILABLE", message: "line is down" }));
    });
    const call = calling.client(ChannelService, { source: "test.caller" }).makeCall({ key: "down" });
    for (const runs of [1, 2]) {
      await until(() => channel.runsOf("down").length === runs && clock.nextDueInMs === 30_000);
      await clock.advance(30_000);
    }
    await expect(call).resolves.toMatchObject({ done: "sendSms down instead" });
    expect(channel.runsOf("down").map(({ method }) => method)).toEqual(["makeCall", "makeCall", "makeCall", "sendSms"]);
  });

  test("a retry that cannot end in the time of the caller is not begun, and the error says when it would be", async () => {
    channel.behave("short", () => {
      throw new MeshError({ code: "UNAVAILABLE", message: "told to fail" });
    });
    const call = calling.client(ChannelService).sendEmail({ key: "short" }, { timeoutMs: 900 });
    await expect(call).rejects.toMatchObject({ code: "UNAVAILABLE", mayHaveRun: true, retryAfterMs: 1_000 });
    expect(channel.runsOf("short")).toHaveLength(1);
  });

  test("a stream that stands still ends with its deadline, behind what came before it [R33]", async () => {
    const numbers: number[] = [];
    const reading = (async () => {
      for await (const { number } of calling.client(EchoService).count({})) numbers.push(number);
    })().catch((error: unknown) => error);
    await until(() => numbers.length === 1);
    await clock.advance(5_000);
    expect(await reading).toMatchObject({ code: "DEADLINE_EXCEEDED", mayHaveRun: true });
    expect(numbers).toEqual([1]);
  });

  test("a stream ends at its handler when its caller gives up, and none begins before it is read", async () => {
    const giveUp = new AbortController();
    const before = ended;
    const stream = calling.client(EchoService).count({ text: "endless" }, { signal: giveUp.signal });
    const reading = (async () => {
      for await (const { number } of stream) if (number === 3) giveUp.abort();
    })().catch((error: unknown) => error);
    expect(await reading).toMatchObject({ code: "CANCELED" });
    await until(() => ended === before + 1);
    calling.client(EchoService).count({ text: "endless" });
    await calling.client(EchoService).echo({});
    expect(ended).toBe(before + 1);
  });

  test("a maintenance lets questions through and refuses what may change something [R40]", async () => {
    await bank.deposit({ account: "kim", amount: 1n });
    const maintenance = create(MaintenanceSchema, { domain: "parley.test.v1", author: "ada", reason: "moving" });
    await serving.maintenance.begin(maintenance);
    const refusal = { code: "MAINTENANCE", mayHaveRun: false, message: expect.stringContaining('("moving", by ada') };
    await expect(bank.deposit({ account: "kim", amount: 1n })).rejects.toMatchObject(refusal);
    await expect(bank.getBalance({ account: "kim" })).resolves.toMatchObject({ balance: 1n });
    await serving.maintenance.end("parley.test.v1", "ada");
    await until(() => serving.maintenance.all().length === 0);
    await expect(bank.deposit({ account: "kim", amount: 1n })).resolves.toMatchObject({ balance: 2n });
  });
});
