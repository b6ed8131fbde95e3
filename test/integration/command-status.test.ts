// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type CommandStatus, defineAgent, on } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobs, Workshop } from "../agents/job-agent.ts";
import { JobDoneSchema, JobService, JobWishedSchema } from "../gen/parley/test/v1/job_pb.js";
import { until } from "../tools/until.ts";

const job = JobService.method.do;

/** Wishes that a test wants to be fulfilled in a handler. */
const wishes = new Map<string, Parameters<typeof on>[2]>();
const asker = defineAgent({
  name: "test.asker",
  hears: [on(JobWishedSchema, { name: "ask" }, (event, ctx) => wishes.get(event.name)?.(event as never, ctx))],
});

describe("a command tells how far it is", () => {
  const workshop = new Workshop();
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await testMesh({ agents: [workshop.agent(), asker] });
  });
  afterAll(() => mesh.drain());

  /** Holds a job until it is let go. */
  function held(name: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    workshop.behave(name, () => promise);
    return resolve;
  }

  test("running and then done, with its reply for whoever waits for it", async () => {
    const letGo = held("plain");
    const sent = mesh.clock.now();
    const command = await mesh.dispatch(job, { name: "plain", kept: true });
    const waiting = command.result();
    await until(async () => (await command.status()).state === "RUNNING");
    letGo();
    await expect(waiting).resolves.toMatchObject({ count: 1 });
    expect(await mesh.command(command.id).status()).toMatchObject({
      id: command.id,
      method: "parley.test.v1.JobService/Do",
      agent: "test.job",
      state: "DONE",
      attempts: 1,
      source: "test.job",
      createdAt: sent,
      startedAt: sent,
      endedAt: sent,
      expires: sent + 60_000,
      error: undefined,
    } satisfies Partial<CommandStatus>);
    // Also long after, and for somebody else who knows its id and method.
    await expect(mesh.command(command.id, job).result()).resolves.toMatchObject({ count: 1 });
  });

  test("retrying with the error of the last try, then failed with its dead letter; the result is the error", async () => {
    workshop.behave("fails", () => {
      throw new TypeError("a defect");
    });
    const command = await mesh.dispatch(job, { name: "fails" });
    await mesh.settled();
    expect(await command.status()).toMatchObject({
      state: "RETRYING",
      attempts: 1,
      error: { code: "INTERNAL", message: "a defect" },
    });
    for (const delayMs of [1_000, 4_000, 16_000]) await mesh.advance(delayMs);
    const status = await command.status();
    const letter = (await mesh.deadLetters()).find(({ header }) => header?.messageId === command.id);
    expect(status).toMatchObject({ state: "FAILED", attempts: 4, deadLetterId: letter?.id, endedAt: mesh.clock.now() });
    await expect(command.result()).rejects.toMatchObject({
      code: "COMMAND_FAILED",
      message: expect.stringContaining("INTERNAL: a defect"),
      cause: { code: "INTERNAL" },
      mayHaveRun: true,
    });
  });

  test("scheduled, and expired when it was not done in the time of its contract", async () => {
    const command = await mesh.dispatch(job, { name: "late" }, { at: new Date(mesh.clock.now() + 3_600_000) });
    expect(await command.status()).toMatchObject({ state: "SCHEDULED", due: mesh.clock.now() + 3_600_000 });
    const over = await mesh.dispatch(job, { name: "over" }, { at: new Date(mesh.clock.now() - 60_000) });
    await mesh.settled();
    expect(await over.status()).toMatchObject({ state: "EXPIRED", attempts: 0, deadLetterId: expect.any(String) });
    await expect(over.result()).rejects.toMatchObject({ code: "EXPIRED", mayHaveRun: false });
    await mesh.advance(3_600_000);
    expect((await command.status()).state).toBe("DONE");
  });

  test("accepted, as long as nobody runs it", async () => {
    await using alone = await testMesh({ agents: [asker] });
    const command = await alone.dispatch(job, { name: "nobody" });
    expect(await command.status()).toMatchObject({ state: "ACCEPTED", attempts: 0, source: "test.asker" });
    const byId = alone.command(command.id);
    await until(async () => (await byId.status()).agent === "test.job");
    expect(await byId.status()).toMatchObject({ state: "ACCEPTED", method: "parley.test.v1.JobService/Do" });
  });

  test("a result is not waited for beyond the time that its asker gives; the command goes on", async () => {
    const letGo = held("slow");
    const command = await mesh.dispatch(job, { name: "slow" });
    await mesh.settled();
    const waiting = command.result({ timeoutMs: 5_000 });
    const late = expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await mesh.clock.advance(5_000);
    await late;
    letGo();
    await expect(command.result()).resolves.toMatchObject({ count: 0 });
  });

  test("a reply of more than 32 KiB is not kept: its size is, and whoever asks is told", async () => {
    workshop.behave("long", () => "x".repeat(40_000));
    workshop.behave("fits", () => "x".repeat(32_000));
    const long = await mesh.dispatch(job, { name: "long" });
    const fits = await mesh.dispatch(job, { name: "fits" });
    await mesh.settled();
    await expect(long.result()).rejects.toMatchObject({ code: "TOO_LARGE", message: expect.stringContaining("40004") });
    expect((await long.status()).state).toBe("DONE");
    await expect(fits.result()).resolves.toMatchObject({ note: "x".repeat(32_000) });
  });

  test("nothing is known of an id that nobody dispatched", async () => {
    await expect(mesh.command("no-such-command").status()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("a handler may ask for what it dispatched and for what it may dispatch, and for nothing else", async () => {
    const outcome = Promise.withResolvers<unknown[]>();
    await using own = await testMesh({ agents: [asker, privileged, new Workshop().agent()] });
    const hidden = await own.dispatch(JobService.method.doSecretly, {}, { source: "test.privileged" });
    await own.settled();
    wishes.set("ask", async (_, ctx) => {
      const mine = await ctx.dispatch(job, { name: "mine" });
      const result = await mine.result();
      const denied = await ctx
        .command(hidden.id)
        .status()
        .catch((error) => error.code);
      outcome.resolve([result.count, denied]);
    });
    await own.publish(JobWishedSchema, { name: "ask" });
    expect(await outcome.promise).toEqual([0, "PERMISSION_DENIED"]);
    expect((await own.command(hidden.id).status()).state).toBe("DONE");
  });
});

const privileged = defineAgent({ name: "test.privileged", permissions: ["TEST_JOB"] });

describe("a command is taken back", () => {
  const workshop = new Workshop();
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await testMesh({ agents: [workshop.agent(), asker] });
  });
  afterAll(() => mesh.drain());

  test("before it is due: it is never run, and a repetition says the same", async () => {
    const command = await mesh.dispatch(job, { name: "reminder" }, { at: new Date(mesh.clock.now() + 60_000) });
    await mesh.settled();
    expect(await command.cancel()).toMatchObject({ state: "CANCELLED", attempts: 0 });
    expect(await mesh.command(command.id).cancel()).toMatchObject({ state: "CANCELLED" });
    await mesh.advance(120_000);
    expect(workshop.runsOf("reminder")).toEqual([]);
    expect(await mesh.deadLetters()).toEqual([]);
    await expect(command.result()).rejects.toMatchObject({ code: "COMMAND_CANCELLED", mayHaveRun: false });
  });

  test("while it waits for another try: it is not tried again", async () => {
    workshop.behave("fails", () => {
      throw new TypeError("a defect");
    });
    const command = await mesh.dispatch(job, { name: "fails" });
    await mesh.settled();
    expect(await command.cancel()).toMatchObject({ state: "CANCELLED", attempts: 1 });
    await mesh.advance(60_000);
    expect(workshop.runsOf("fails")).toHaveLength(1);
    await expect(command.result()).rejects.toMatchObject({ code: "COMMAND_CANCELLED", mayHaveRun: true });
  });

  test("while it runs: its handler's signal aborts, and it is not tried again", async () => {
    workshop.behave("obeys", (ctx) => new Promise((_, reject) => ctx.signal.addEventListener("abort", reject)));
    const command = await mesh.dispatch(job, { name: "obeys" });
    await until(() => workshop.runsOf("obeys").length === 1);
    expect(await command.cancel()).toMatchObject({ state: "RUNNING", cancelRequested: true });
    await expect(command.result()).rejects.toMatchObject({ code: "COMMAND_CANCELLED", mayHaveRun: true });
    await mesh.advance(60_000);
    expect(workshop.runsOf("obeys")).toHaveLength(1);
    expect(await command.status()).toMatchObject({ state: "CANCELLED", attempts: 1 });
    expect(await mesh.deadLetters()).toEqual([]);
  });

  test("too late: one that is done stays done, and whoever wants it back is told so", async () => {
    const command = await mesh.dispatch(job, { name: "done", kept: true });
    await command.result();
    await expect(command.cancel()).rejects.toMatchObject({
      code: "COMMAND_ENDED",
      message: expect.stringContaining("is DONE"),
    });
    expect(await command.status()).toMatchObject({ state: "DONE", cancelRequested: false });
  });
});

describe("commands in a batch", () => {
  const workshop = new Workshop();
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await testMesh({ agents: [workshop.agent(), asker] });
  });
  afterAll(() => mesh.drain());

  test("are stored together and tell of their batch; their results come one by one [R08, R29]", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `batched-${index}`);
    const { id, commands } = await mesh.dispatchAll(
      job,
      names.map((name) => ({ name, kept: true })),
    );
    expect(commands).toHaveLength(40);
    const replies = await Promise.all(commands.map((command) => command.result()));
    expect(replies.map(({ count }) => count)).toEqual(names.map(() => 1));
    expect(await commands[7]?.status()).toMatchObject({ state: "DONE", batchId: id });
    await mesh.settled();
    expect(mesh.events.of(JobDoneSchema)).toHaveLength(40);
  });

  test("are refused whole when one breaks a rule, and when there are more than a thousand", async () => {
    const before = mesh.commands.ids.length;
    await expect(mesh.dispatchAll(job, [{ name: "good" }, { name: "" }])).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    const many = Array.from({ length: 1_001 }, () => ({ name: "many" }));
    await expect(mesh.dispatchAll(job, many)).rejects.toMatchObject({ code: "COMMIT_TOO_LARGE" });
    await expect(mesh.dispatchAll(job, [{ name: "b" }], { batchId: "" })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    expect(await mesh.dispatchAll(job, [])).toMatchObject({ commands: [] });
    await mesh.settled();
    expect(mesh.commands.ids).toHaveLength(before);
  });

  test("that a hearer dispatches are the same ones when it runs again", async () => {
    const runs: string[][] = [];
    wishes.set("batch", async (_, ctx) => {
      const { id, commands } = await ctx.dispatchAll(job, [{ name: "again" }, { name: "again" }]);
      runs.push([id, ...commands.map((command) => command.id)]);
      if (runs.length === 1) throw new TypeError("lost after it was sent");
    });
    await mesh.publish(JobWishedSchema, { name: "batch" });
    await mesh.advance(1_000);
    expect(runs).toHaveLength(2);
    expect(runs[1]).toEqual(runs[0]);
    expect(workshop.runsOf("again")).toHaveLength(2);
  });
});

describe("a command that is dispatched again under its sender's idempotency key", () => {
  const workshop = new Workshop();
  let mesh: TestMesh;
  beforeAll(async () => {
    mesh = await testMesh({ agents: [workshop.agent(), asker] });
  });
  afterAll(() => mesh.drain());

  test("is the first one: run once, with one result; another request under the key is refused", async () => {
    const request = { name: "keyed", requestId: "r-1" };
    const [first, second] = [await mesh.dispatch(job, request), await mesh.dispatch(job, request)];
    expect(second.id).toBe(first.id);
    await second.result();
    expect((await mesh.dispatch(job, request)).id).toBe(first.id);
    await mesh.settled();
    expect(workshop.runsOf("keyed")).toHaveLength(1);
    await expect(mesh.dispatch(job, { ...request, name: "other" })).rejects.toMatchObject({
      code: "MESSAGE_ID_REUSED",
    });
    const stranger = await mesh.dispatch(job, request, { source: "test.asker" });
    expect(stranger.id).not.toBe(first.id);
  });

  test("is run once also when both were stored, as in a commit or at the same moment", async () => {
    const request = { name: "at once", requestId: "r-2", kept: true };
    const commands = await Promise.all(Array.from({ length: 8 }, () => mesh.dispatch(job, request)));
    await mesh.settled();
    expect(new Set(commands.map(({ id }) => id)).size).toBe(1);
    expect(workshop.runsOf("at once")).toHaveLength(1);
    expect(await mesh.load(jobs.at("at once"))).toBe(1);
  });

  test("twice in a batch is there once, and two requests under one key are refused whole", async () => {
    const { commands } = await mesh.dispatchAll(job, [
      { name: "twice", requestId: "r-3" },
      { name: "twice", requestId: "r-3" },
      { name: "twice", requestId: "r-4" },
    ]);
    await mesh.settled();
    expect(commands).toHaveLength(3);
    expect(new Set(commands.map(({ id }) => id)).size).toBe(2);
    expect(workshop.runsOf("twice")).toHaveLength(2);
    const differing = [
      { name: "one", requestId: "r-5" },
      { name: "other", requestId: "r-5" },
    ];
    await expect(mesh.dispatchAll(job, differing)).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
    expect(workshop.runsOf("one")).toHaveLength(0);
  });
});

test("a status is one message, told by a stream that forgets it by itself [R28]", async () => {
  const workshop = new Workshop();
  await using mesh = await testMesh({ agents: [workshop.agent()] });
  const command = await mesh.dispatch(job, { name: "once" });
  await command.result();
  const status = streamNames(mesh.namespace).statusOf(command.id);
  const { state } = await mesh.broker.manager.streams.info(status);
  expect(state.messages).toBe(1);
  const stored = await mesh.broker.manager.streams.getMessage(status, { seq: state.last_seq });
  expect(stored?.header.get("Nats-TTL")).toBe("691200s");
});
