// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dispatched, defineAgent, type Host, host, MeshError } from "@parley/mesh";
import { startServer } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, inject, test } from "vitest";
import { jobs, Workshop } from "../agents/job-agent.ts";
import { JobDoneSchema, JobService } from "../gen/parley/test/v1/job_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

const job = JobService.method.do;
const client = defineAgent({ name: "test.client" });

/** Takes each command back at its own moment and says what came of it: taken back, or too late. */
async function takenBack(commands: readonly Dispatched[], when: (index: number) => number): Promise<readonly string[]> {
  return Promise.all(
    commands.map(async (command, index) => {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, when(index) - Date.now())));
      try {
        await command.cancel();
        return (await command.status()).state;
      } catch (thrown) {
        return MeshError.from(thrown).code;
      }
    }),
  );
}

/**
 * Every command has ended: those that were taken back before they began never ran, those that were done did; those that were
 * stopped may have. How many ended how.
 */
async function counted(
  hosted: Host,
  workshop: Workshop,
  commands: readonly Dispatched[],
): Promise<Readonly<Record<"DONE" | "CANCELLED" | "stopped", number>>> {
  const runs = new Set(workshop.runs.map(({ header }) => header.messageId));
  const counts = { DONE: 0, CANCELLED: 0, stopped: 0 };
  for (const { id } of commands) {
    const { state, attempts } = await hosted.command(id).status();
    if (state !== "DONE" && state !== "CANCELLED") throw new Error(`command ${id} is ${state}`);
    const isStopped = state === "CANCELLED" && attempts > 0;
    counts[isStopped ? "stopped" : state]++;
    if (!isStopped) expect({ id, state, attempts, ran: runs.has(id) }).toMatchObject({ ran: state === "DONE" });
  }
  return counts;
}

test("a thousand commands that are taken back while they begin: each either ran or was taken back, never both", async () => {
  const workshop = new Workshop();
  await using mesh = await testMesh({ agents: [client] });
  const { namespace } = mesh;
  await using serving = await host({ agents: [workshop.agent()], broker: inject("natsUrl"), namespace });
  const { commands } = await serving.dispatchAll(
    job,
    Array.from({ length: 1_000 }, (_, index) => ({ name: `race-${index}` })),
  );
  // Some have run before the first is taken back, however slow the machine is to begin.
  await until(() => workshop.runs.length >= 20);
  const started = Date.now();
  await takenBack(commands, (index) => started + (index % 500));
  const ended = async ({ id }: Dispatched) =>
    (await serving.command(id, job).result().catch(MeshError.from)) && undefined;
  await Promise.all(commands.map(ended));
  const counts = await counted(serving, workshop, commands);
  expect(counts.DONE).toBeGreaterThan(0);
  expect(counts.CANCELLED).toBeGreaterThan(0);
  expect(workshop.runs).toHaveLength(counts.DONE + counts.stopped);
});

test.concurrent("commands that are taken back just when they come due, while the broker is killed: each ran once or never", async () => {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-test-"));
  await using stack = new AsyncDisposableStack();
  const server = await startServer({ storeDir, maxFileStoreBytes: 2 ** 50 });
  stack.defer(async () => {
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  });
  const workshop = new Workshop();
  const mesh = stack.use(await testMesh({ agents: [client], broker: server.url }));
  const serving = stack.use(await host({ agents: [workshop.agent()], broker: server.url, namespace: mesh.namespace }));
  const due = Date.now() + 3_000;
  const names = Array.from({ length: 60 }, (_, index) => `due-${index}`);
  const { commands } = await serving.dispatchAll(
    job,
    names.map((name) => ({ name, kept: true })),
    { at: new Date(due) },
  );
  // Due already where the machine was slow.
  await until(async () => (await commands.at(-1)?.status())?.state !== "ACCEPTED");
  const outcome = takenBack(commands.slice(0, 40), (index) => due - 20 + index * 10);
  await until(() => Date.now() >= due + 100);
  await server.kill();
  await server.restart();
  await outcome;
  await Promise.all(commands.map((command) => command.result().catch(() => {})));
  const counts = await counted(serving, workshop, commands);
  // The twenty that nobody took back, and whatever was faster; one that was stopped may have done it or not.
  expect(counts.DONE).toBeGreaterThanOrEqual(20);
  await until(() => mesh.events.of(JobDoneSchema).length >= counts.DONE);
  const effects = mesh.events.of(JobDoneSchema).map(({ name }) => name);
  expect(new Set(effects).size).toBe(effects.length);
  expect(effects.length).toBeLessThanOrEqual(counts.DONE + counts.stopped);
  for (const { at } of workshop.runs) expect(at).toBeGreaterThanOrEqual(due);
  for (const name of names.slice(40)) expect(await serving.load(jobs.at(name))).toBe(1);
});

test.concurrent("a command that was to stop while its instance was killed is taken back, and nobody runs it again", async () => {
  await using mesh = await testMesh({ agents: [client] });
  const { namespace, clock } = mesh;
  await using dying = await startHost({ broker: inject("natsUrl"), namespace });
  const command = await mesh.dispatch(job, { name: "never ends" });
  await until(async () => (await command.status()).state === "RUNNING");
  await dying.signal("SIGKILL");
  expect(await command.cancel()).toMatchObject({ state: "RUNNING", cancelRequested: true });
  const workshop = new Workshop();
  await using _other = await testMesh({ agents: [workshop.agent()], namespace, clock });
  await expect(command.result()).rejects.toMatchObject({ code: "COMMAND_CANCELLED", mayHaveRun: true });
  await mesh.settled();
  expect(workshop.runs).toEqual([]);
});

test.concurrent("two that run one command, because the first stood still, end it once", async () => {
  await using mesh = await testMesh({ agents: [client] });
  const { namespace, clock } = mesh;
  await using frozen = await startHost({ broker: inject("natsUrl"), namespace });
  const command = await mesh.dispatch(job, { name: "waits", kept: true });
  // Its status says so sooner; but what has not begun when it stands still is not begun afterwards.
  await until(() => frozen.told.some(({ kind, key }) => kind === "began" && key === "waits"));
  await frozen.signal("SIGSTOP");
  const workshop = new Workshop();
  await using _other = await testMesh({ agents: [workshop.agent()], namespace, clock });
  await expect(command.result()).resolves.toMatchObject({ count: 1 });
  const done = await command.status();
  frozen.goOn();
  await frozen.signal("SIGCONT");
  // Its run fails; what is done stays done.
  await until(() => frozen.told.some(({ kind, error }) => kind === "ran" && error !== undefined));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await command.status()).toEqual(done);
  expect(await mesh.deadLetters()).toEqual([]);
});
