// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, host, MeshError, onCommit } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { jobs, Workshop, wishAgent } from "../agents/job-agent.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { JobDoneSchema, JobService, JobWishedSchema } from "../gen/parley/test/v1/job_pb.js";
import { until } from "../tools/until.ts";

const workshop = new Workshop();
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [workshop.agent(), wishAgent] });
});
afterAll(() => mesh.drain());

const job = JobService.method.do;

describe("a command", () => {
  test("is run once by the handler that serves calls, as its header says", async () => {
    const { id } = await mesh.dispatch(job, { name: "plain" }, { priority: "HIGH", key: "k-1" });
    await mesh.settled();
    const [run, ...more] = workshop.runsOf("plain");
    expect(more).toEqual([]);
    expect(run?.header).toMatchObject({
      messageId: id,
      sourceAgentId: "test.job",
      targetAgentId: "test.job",
      name: "parley.test.v1.JobService/Do",
      messageType: "parley.test.v1.DoRequest",
      priority: "HIGH",
      expires: mesh.clock.now() + 60_000,
      attempt: 1,
      hops: 0,
    });
    const kinds = mesh.observed.filter(({ header }) => header.messageId === id).map(({ kind }) => kind);
    expect(kinds).toEqual(["dispatched", "ran"]);
  });

  test("that a hearer dispatches keeps its id when the hearer runs again, so it is stored once", async () => {
    const event = await mesh.publish(JobWishedSchema, { name: "wished" });
    await mesh.advance(1_000);
    const dispatched = mesh.observed.filter(
      ({ kind, header }) => kind === "dispatched" && header.causationId === event.messageId,
    );
    expect(dispatched).toHaveLength(2);
    expect(new Set(dispatched.map(({ header }) => header.messageId)).size).toBe(1);
    expect(workshop.runsOf("wished").map(({ header }) => [header.causationId, header.hops])).toEqual([
      [event.messageId, 1],
    ]);
    expect(await mesh.load(jobs.at("wished"))).toBe(1);
  });

  test("is retried by the contract's schedule to the millisecond, then it is dead [R29, R54]", async () => {
    workshop.behave("fails", () => {
      throw new TypeError("a defect");
    });
    const { id } = await mesh.dispatch(job, { name: "fails" });
    for (const [runs, delayMs] of [
      [1, 1_000],
      [2, 4_000],
      [3, 16_000],
    ] as const) {
      await mesh.advance(delayMs - 1);
      expect(workshop.runsOf("fails")).toHaveLength(runs);
      await mesh.advance(1);
      expect(workshop.runsOf("fails")).toHaveLength(runs + 1);
    }
    const letter = (await mesh.deadLetters()).find(({ header }) => header?.messageId === id);
    expect(letter).toMatchObject({
      agent: "test.job",
      hearer: "parley.test.v1.JobService/Do",
      stream: `${mesh.namespace}_COMMANDS`,
      error: { code: "INTERNAL" },
    });
    expect(letter?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    await mesh.advance(3_600_000);
    expect(workshop.runsOf("fails")).toHaveLength(4);
  });

  test("that waits beyond its expiry is not run again but buried as EXPIRED", async () => {
    workshop.behave("late", () => {
      throw new MeshError({ code: "UNAVAILABLE", message: "not now", retryAfterMs: 60_000 });
    });
    const { id } = await mesh.dispatch(job, { name: "late" });
    await mesh.advance(60_000);
    expect(workshop.runsOf("late")).toHaveLength(1);
    const letter = (await mesh.deadLetters()).find(({ header }) => header?.messageId === id);
    expect(letter).toMatchObject({
      error: { code: "EXPIRED" },
      attempts: [{ attempt: 1, error: { code: "UNAVAILABLE" } }],
    });
  });

  test("whose handler commits has one effect, however often it is delivered: the repeat gets the stored answer", async () => {
    workshop.behave("kept", (ctx) => {
      if (ctx.header.attempt < 3) throw new MeshError({ code: "CONNECTION_LOST", message: "lost after it was kept" });
    });
    await mesh.dispatch(job, { name: "kept", kept: true });
    await mesh.advance(1_000);
    await mesh.advance(4_000);
    expect(workshop.runsOf("kept")).toHaveLength(3);
    expect(await mesh.load(jobs.at("kept"))).toBe(1);
    expect(mesh.events.of(JobDoneSchema).filter(({ name }) => name === "kept")).toHaveLength(1);
  });

  test("and a call with the same idempotency key of the same sender have one effect together", async () => {
    const request = { name: "asked twice", requestId: "r-1", kept: true };
    await mesh.dispatch(job, request);
    await mesh.dispatch(job, request);
    await mesh.settled();
    await expect(mesh.client(JobService).do(request)).resolves.toMatchObject({ count: 1 });
    // The second one dispatched is the first one.
    expect(workshop.runsOf("asked twice")).toHaveLength(2);
    expect(await mesh.load(jobs.at("asked twice"))).toBe(1);
  });

  test("of a method is never run by more handlers at once than the contract allows", async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    workshop.behave("slow", () => gate);
    workshop.most = 0;
    await Promise.all(Array.from({ length: 12 }, () => mesh.dispatch(job, { name: "slow" })));
    await mesh.settled();
    expect(workshop.runsOf("slow")).toHaveLength(4);
    open();
    // Each turn tells its status to the broker first, which on a busy machine looks like standing still.
    await until(() => workshop.runsOf("slow").length === 12);
    await mesh.settled();
    expect(workshop.most).toBe(4);
  });
});

describe("a command for later", () => {
  test("runs when it is due and not before, and has the contract's time from then on", async () => {
    const due = mesh.clock.now() + 3_600_000;
    await mesh.dispatch(job, { name: "reminder", kept: true }, { at: new Date(due) });
    await mesh.advance(3_599_999);
    expect(workshop.runsOf("reminder")).toEqual([]);
    await mesh.advance(1);
    expect(workshop.runsOf("reminder")).toMatchObject([{ at: due, header: { attempt: 1, expires: due + 60_000 } }]);
    expect(await mesh.load(jobs.at("reminder"))).toBe(1);
  });

  test("runs at once when its time is over already, and expires by that time", async () => {
    const past = (ms: number) => ({ at: new Date(mesh.clock.now() - ms) });
    await mesh.dispatch(job, { name: "belated" }, past(59_999));
    const { id } = await mesh.dispatch(job, { name: "too late" }, past(60_000));
    await mesh.settled();
    expect(workshop.runsOf("belated")).toHaveLength(1);
    expect(workshop.runsOf("too late")).toEqual([]);
    const letter = (await mesh.deadLetters()).find(({ header }) => header?.messageId === id);
    expect(letter?.error?.code).toBe("EXPIRED");
  });

  test.each([Number.NaN, 8.64e15, Date.UTC(9999, 11, 31, 23, 59, 59)])(
    "is refused for a date that is none, or that nobody can write (%d)",
    async (at) => {
      const dispatched = mesh.dispatch(job, { name: "never" }, { at: new Date(at) });
      await expect(dispatched).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    },
  );

  test("is left with the broker in real time: several instances, one run, one effect", async () => {
    await using own = await testMesh({ agents: [wishAgent] });
    const { namespace, broker } = own;
    const done = new Workshop();
    const where = { broker: inject("natsUrl"), namespace };
    await using first = await host({ ...where, agents: [done.agent("first")] });
    await using _second = await host({ ...where, agents: [done.agent("second")] });
    const due = Date.now() + 2_500;
    const ids = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        first.dispatch(job, { name: `later-${index}`, kept: true }, { at: new Date(due), key: `k ${index}` }),
      ),
    );
    const scheduled = async () => (await broker.manager.streams.info(streamNames(namespace).schedules)).state.messages;
    await until(async () => (await scheduled()) === 5);
    expect(done.runs).toEqual([]);
    await until(() => own.events.of(JobDoneSchema).length === 5);
    expect(done.runs.map(({ header }) => header.messageId).sort()).toEqual(ids.map(({ id }) => id).sort());
    for (const { at, header } of done.runs) {
      expect(at).toBeGreaterThanOrEqual(due);
      expect(header).toMatchObject({ attempt: 1, expires: due + 60_000 });
    }
    // Once as it was dispatched, once as the broker put it back.
    await until(() => own.commands.ids.length === 10);
    const { schedules } = streamNames(namespace);
    const put = await broker.manager.streams.getMessage(schedules, { last_by_subj: `${namespace}.sched.*.cmd.>` });
    // What it has put back it forgets by itself; the key is the command's own.
    expect(put?.header.get("Nats-TTL")).toBe("168h");
    expect(Buffer.from(put?.subject.split("=").at(-1) ?? "", "base64url").toString()).toMatch(/^k \d$/);
  });
});

describe("what is dispatched in a commit", () => {
  test("runs, each once, and a repeat of the commit dispatches nothing more", async () => {
    const desk = mesh.client(JobService);
    const request = { names: ["one", "two", "two"], requestId: "order-1" };
    await desk.order(request);
    await desk.order(request);
    await mesh.settled();
    expect(await mesh.load(jobs.at("one"))).toBe(1);
    expect(await mesh.load(jobs.at("two"))).toBe(2);
  });

  test("is not sent when the commit does not happen", async () => {
    const before = mesh.commands.ids.length;
    await expect(mesh.client(JobService).order({ names: ["never"], refuse: true })).rejects.toMatchObject({
      code: "REFUSED",
    });
    await expect(mesh.client(JobService).order({ names: ["never", ""] })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    await mesh.settled();
    expect(mesh.commands.ids).toHaveLength(before);
    expect(workshop.runsOf("never")).toEqual([]);
  });

  test("is sent by the winner alone when many commit to one key", async () => {
    const before = mesh.commands.ids.length;
    await using other = await testMesh({
      agents: [workshop.agent("other")],
      namespace: mesh.namespace,
      clock: mesh.clock,
    });
    const orders = Array.from({ length: 40 }, (_, index) =>
      (index % 2 === 0 ? mesh : other).client(JobService).order({ names: [`raced-${index}`] }),
    );
    await Promise.all(orders);
    await mesh.settled();
    expect(mesh.commands.ids).toHaveLength(before + 40);
    for (let index = 0; index < 40; index++) expect(await mesh.load(jobs.at(`raced-${index}`))).toBe(1);
  });
});

describe("what is refused when it is dispatched", () => {
  test("a request that breaks a rule", async () => {
    await expect(mesh.dispatch(job, { name: "" })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
      violations: [{ field: "name" }],
    });
  });

  test("a method without command policy, with the option to write", async () => {
    await expect(mesh.dispatch(EchoService.method.echo, { text: "x" })).rejects.toMatchObject({
      code: "CONTRACT_INCOMPLETE",
      message: expect.stringContaining("command: {}"),
    });
  });

  test("a sender without the permission that the method asks for", async () => {
    await expect(mesh.dispatch(JobService.method.doSecretly, {})).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });

  test("in a commit too: without the permission nothing is stored, with it the method runs", async () => {
    const { doSecretly } = JobService.method;
    const sends = (name: string, permissions: readonly string[]) => {
      const heard = onCommit(JobWishedSchema, { name: "send", keys: () => ({}) }, (_, __, outbox) =>
        outbox.dispatch(doSecretly, {}),
      );
      return defineAgent({ name, permissions, hears: [heard] });
    };
    const agents = [sends("test.stranger", []), sends("test.trusted", ["TEST_JOB"]), workshop.agent()];
    await using own = await testMesh({ agents });
    await own.publish(JobWishedSchema, { name: "secret" });
    await own.settled();
    expect(await own.deadLetters()).toMatchObject([{ agent: "test.stranger", error: { code: "PERMISSION_DENIED" } }]);
    const ran = own.observed.filter(({ kind }) => kind === "ran").map(({ header }) => header.sourceAgentId);
    expect(ran).toEqual(["test.trusted"]);
    expect(own.commands.ids).toHaveLength(1);
  });

  test("a method that streams, when the types were got around", async () => {
    const { count } = EchoService.method;
    await expect(mesh.dispatch(count as unknown as typeof job, { name: "x" })).rejects.toBeInstanceOf(MeshError);
  });
});
