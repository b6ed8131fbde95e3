// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { type Context, defineAgent, host, MeshError, on, serve } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { expect, inject, test } from "vitest";
import { phoneToSms } from "../agents/channel-agent.ts";
import { ChannelService, EmailAskedSchema, QuickAskedSchema } from "../gen/parley/test/v1/channel_pb.js";
import { until } from "../tools/until.ts";

interface Run {
  readonly where: string;
  readonly what: string;
  readonly attempt: number;
  readonly at: number;
}

/** An instance of an agent on the machine's clock, whose retries of more than 0.2 s lie at the broker. */
async function instance(mesh: TestMesh, where: string, handle: (run: Run, ctx: Context) => Promise<void> | void) {
  const run = (what: string, ctx: Context) =>
    handle({ where, what, attempt: ctx.header.attempt, at: ctx.clock.now() }, ctx);
  const done = async (request: { readonly key: string }, ctx: Context) => {
    await run(request.key, ctx);
    return { done: request.key };
  };
  const serves = [
    serve(ChannelService, { sendEmail: done, makeCall: done, sendSms: done, sync: done, quick: done, guarded: done }),
  ];
  const hears = [
    on(QuickAskedSchema, { name: "first" }, ({ key }, ctx) => run(`first ${key}`, ctx)),
    on(QuickAskedSchema, { name: "second" }, ({ key }, ctx) => run(`second ${key}`, ctx)),
    on(EmailAskedSchema, { name: "email" }, ({ key }, ctx) => run(key, ctx)),
  ];
  const agents = [defineAgent({ name: "test.channel", serves, hears, fallbacks: [phoneToSms] })];
  const { namespace } = mesh;
  return host({ agents, broker: inject("natsUrl"), namespace, parkOverMs: 200, random: () => 0, drainMs: 1_000 });
}

function fail(): never {
  throw new MeshError({ code: "UNAVAILABLE", message: "told to fail" });
}

async function letters({ broker, namespace }: TestMesh): Promise<readonly DeadLetter[]> {
  const { dead } = streamNames(namespace);
  const { state } = await broker.manager.streams.info(dead);
  const read = async (seq: number) => (await broker.manager.streams.getMessage(dead, { seq }))?.data;
  const found = await Promise.all(Array.from({ length: state.last_seq }, (_, index) => read(index + 1)));
  return found.flatMap((data) => (data === undefined ? [] : [fromBinary(DeadLetterSchema, data)]));
}

async function scheduled({ broker, namespace }: TestMesh): Promise<number> {
  const filter = `${namespace}.sched.*.at`;
  const info = await broker.manager.streams.info(streamNames(namespace).schedules, { subjects_filter: filter });
  return Object.keys(info.state.subjects ?? {}).length;
}

test("a retry that waits for long lies at the broker: attempts are counted, their times told, and other hearers left alone [R29]", async () => {
  await using mesh = await testMesh({ agents: [] });
  const runs: Run[] = [];
  await using own = await instance(mesh, "one", (run) => {
    runs.push(run);
    if (!run.what.startsWith("second")) fail();
  });
  await own.publish(QuickAskedSchema, { key: "event" });
  await own.dispatch(ChannelService.method.quick, { key: "command" });
  await until(async () => (await letters(mesh)).length === 2);

  for (const what of ["first event", "command"]) {
    const own = runs.filter((run) => run.what === what);
    expect(own.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const gaps = own.slice(1).map(({ at }, index) => at - (own[index]?.at ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(300);
  }
  expect(runs.filter(({ what }) => what === "second event")).toHaveLength(1);
  for (const letter of await letters(mesh)) {
    expect(letter.attempts.map(({ attempt, error }) => [attempt, error?.code, error?.message])).toEqual(
      [1, 2, 3].map((attempt) => [attempt, "UNAVAILABLE", "told to fail"]),
    );
    const times = letter.attempts.map(({ failedAt }) => Number(failedAt?.seconds ?? 0) + (failedAt?.nanos ?? 0) / 1e9);
    expect(times).toEqual(times.toSorted());
  }
  // Once as it was sent, and once for each retry.
  expect(new Set(mesh.commands.ids).size).toBe(1);
  expect(mesh.commands.ids).toHaveLength(3);
  expect(mesh.events.of(QuickAskedSchema)).toHaveLength(1);
});

test("forty retries that wait for long do not stop a hearer", async () => {
  await using mesh = await testMesh({ agents: [] });
  const done: string[] = [];
  await using own = await instance(mesh, "one", ({ what }) => {
    if (what.startsWith("bad")) fail();
    done.push(what);
  });
  await Promise.all(Array.from({ length: 40 }, (_, index) => own.publish(EmailAskedSchema, { key: `bad ${index}` })));
  await until(async () => (await scheduled(mesh)) === 40);
  await own.publish(EmailAskedSchema, { key: "good" });
  await until(() => done.includes("good"));
  await until(() => own.moving === 0);
});

test("a drain while a message waits in memory costs no try: the next instance makes the next one", async () => {
  await using mesh = await testMesh({ agents: [] });
  const runs: Run[] = [];
  const failing = (run: Run) => {
    runs.push(run);
    if (run.attempt < 3) fail();
  };
  const { namespace } = mesh;
  const hears = (where: string) => [
    on(EmailAskedSchema, { name: "email" }, ({ key }, ctx) =>
      failing({ where, what: key, attempt: ctx.header.attempt, at: ctx.clock.now() }),
    ),
  ];
  const open = (where: string) =>
    host({
      agents: [defineAgent({ name: "test.ear", hears: hears(where) })],
      broker: inject("natsUrl"),
      namespace,
      random: () => 0,
      drainMs: 1_000,
    });
  const first = await open("first");
  await first.publish(EmailAskedSchema, { key: "drained" });
  await until(() => runs.length === 2);
  // Waits four seconds for its third try, which is not long enough for the broker; the drain is.
  await first.drain();
  expect(await scheduled(mesh)).toBe(1);
  await using _second = await open("second");
  await until(() => runs.length === 3);
  expect(runs.map(({ where, attempt }) => [where, attempt])).toEqual([
    ["first", 1],
    ["first", 2],
    ["second", 3],
  ]);
  expect((runs[2]?.at ?? 0) - (runs[1]?.at ?? 0)).toBeGreaterThanOrEqual(4_000);
});
