// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineAgent, host } from "@parley/mesh";
import { ackWaitMs, durableName, type NatsServer, startServer, streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { expect, inject, test } from "vitest";
import { jobs, Workshop } from "../agents/job-agent.ts";
import { JobDoneSchema, JobService } from "../gen/parley/test/v1/job_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

const job = JobService.method.do;

/** Dispatches and serves nothing itself. */
const client = defineAgent({ name: "test.client" });

/** Commands that instances of the agent have in hand. */
async function inHand({ broker, namespace }: TestMesh): Promise<number> {
  const name = durableName("test.job", "parley.test.v1.JobService/Do");
  const info = await broker.manager.consumers.info(streamNames(namespace).commands, name);
  return info.num_ack_pending;
}

/** A broker that may be killed. */
async function ownServer(): Promise<AsyncDisposable & { readonly server: NatsServer }> {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-test-"));
  const server = await startServer({ storeDir, maxFileStoreBytes: 2 ** 50 });
  return {
    server,
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}

test.concurrent("a command waits for the first instance of its agent, whoever dispatched it", async () => {
  await using mesh = await testMesh({ agents: [client] });
  const { id } = await mesh.dispatch(job, { name: "early" });
  const workshop = new Workshop();
  await using _serving = await testMesh({ agents: [workshop.agent()], namespace: mesh.namespace, clock: mesh.clock });
  await mesh.settled();
  expect(workshop.runs.map(({ header }) => [header.messageId, header.sourceAgentId])).toEqual([[id, "test.client"]]);
});

test.concurrent("two instances share the work, and each command is run by one", async () => {
  const workshop = new Workshop();
  await using mesh = await testMesh({ agents: [workshop.agent("first")] });
  const { namespace, clock } = mesh;
  await using _second = await testMesh({ agents: [workshop.agent("second")], namespace, clock });
  const names = Array.from({ length: 60 }, (_, index) => `shared-${index}`);
  for (const name of names) workshop.behave(name, () => new Promise((resolve) => setTimeout(resolve, 5)));
  await Promise.all(names.map((name) => mesh.dispatch(job, { name })));
  await until(() => workshop.runs.length >= names.length);
  await mesh.settled();
  expect(workshop.runs.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(new Set(workshop.runs.map(({ where }) => where))).toEqual(new Set(["first", "second"]));
});

test.concurrent("what an instance was running when it was killed goes on in another one, and the try counts", async () => {
  await using mesh = await testMesh({ agents: [client] });
  const { namespace, clock } = mesh;
  await using dying = await startHost({ broker: inject("natsUrl"), namespace });
  const { id } = await mesh.dispatch(job, { name: "never ends" });
  await until(async () => (await inHand(mesh)) === 1);
  const workshop = new Workshop();
  await using _other = await testMesh({ agents: [workshop.agent()], namespace, clock });
  const killed = performance.now();
  await dying.signal("SIGKILL");
  await until(() => workshop.runs.length === 1);
  // Seven seconds, the broker's patience and one more; five times that is a failure, not a slow machine.
  expect(performance.now() - killed).toBeLessThan(5 * (ackWaitMs + 1_000));
  expect(workshop.runs[0]?.header).toMatchObject({ messageId: id, attempt: 2 });
  await mesh.settled();
  expect(workshop.runs).toHaveLength(1);
  expect(await mesh.deadLetters()).toEqual([]);
});

test("a broker that is killed amid dispatching and running loses no command and doubles no effect", {
  timeout: 90_000,
}, async () => {
  await using own = await ownServer();
  const { server } = own;
  const workshop = new Workshop();
  await using mesh = await testMesh({ agents: [workshop.agent()], broker: server.url });
  const names = Array.from({ length: 500 }, (_, index) => `job-${index}`);
  const waiting = [...names];
  const acknowledged: string[] = [];
  const dispatcher = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      acknowledged.push((await mesh.dispatch(job, { name, kept: true })).id);
    }
  };
  const dispatching = Promise.all(Array.from({ length: 16 }, dispatcher));
  await until(() => acknowledged.length >= 150);
  await server.kill();
  await server.restart();
  await dispatching;
  expect(acknowledged).toHaveLength(500);

  await until(() => mesh.events.of(JobDoneSchema).length >= names.length);
  await mesh.settled();
  expect([...mesh.commands.ids].sort()).toEqual([...acknowledged].sort());
  expect(
    mesh.events
      .of(JobDoneSchema)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...names].sort());
  expect(await mesh.load(jobs.at("job-499"))).toBe(1);
  expect(await mesh.deadLetters()).toEqual([]);
});

test("commands that come due while the broker is killed and away have one effect each", async () => {
  await using own = await ownServer();
  const { server } = own;
  await using mesh = await testMesh({ agents: [client], broker: server.url });
  const { namespace, broker } = mesh;
  const workshop = new Workshop();
  await using serving = await host({ agents: [workshop.agent()], broker: server.url, namespace });
  const due = Date.now() + 2_500;
  const names = Array.from({ length: 20 }, (_, index) => `due-${index}`);
  await Promise.all(
    names.map((name, index) => serving.dispatch(job, { name, kept: true }, { at: new Date(due + index * 10) })),
  );
  const { schedules } = streamNames(namespace);
  await until(async () => (await broker.manager.streams.info(schedules)).state.messages === names.length);
  await until(() => Date.now() >= due + 100);
  await server.kill();
  await server.restart();
  await until(() => mesh.events.of(JobDoneSchema).length >= names.length);
  const done = mesh.events.of(JobDoneSchema).map(({ name }) => name);
  expect(done.sort()).toEqual([...names].sort());
  for (const { at } of workshop.runs) expect(at).toBeGreaterThanOrEqual(due);
  for (const name of names) expect(await serving.load(jobs.at(name))).toBe(1);
});
