// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent } from "@parley/mesh";
import { durableName, ensureDurable, pull, Subjects, streamNames } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, inject, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoSaidSchema, EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

const speaker = defineAgent({ name: "test.speaker", publishes: [EchoSaidSchema] });

/** Each test waits for the broker's or the directory's patience in real time, so they run side by side, each in its own mesh. */
const start = () => testMesh({ agents: [speaker] });

test.concurrent("what waits for a retry, or is being handled, in a process that is killed goes on in another instance, and its tries count [R29, R35]", async () => {
  await using mesh = await start();
  const { namespace } = mesh;
  await using dying = await startHost({ broker: inject("natsUrl"), namespace });
  const parked = await mesh.publish(EchoSaidSchema, { key: "parks" });
  await until(() => dying.told.some(({ kind, error }) => kind === "heard" && error === "UNAVAILABLE"));
  const fatal = await mesh.publish(EchoSaidSchema, { key: "ends the process" });
  await dying.ended;

  const listener = new Listener();
  await using _other = await testMesh({ agents: [listener.agent("test.ear")], namespace, clock: mesh.clock });
  await until(() => listener.runs.length === 2);
  const [afterPark] = listener.runsOf("parks");
  expect(afterPark?.header).toEqual({ ...parked, attempt: 2 });
  const [afterDeath] = listener.runsOf("ends the process");
  expect(afterDeath?.header).toEqual({ ...fatal, attempt: 2 });
  expect(await mesh.deadLetters()).toEqual([]);
});

test.concurrent("what was delivered again and again and settled by nobody is buried without another run", async () => {
  await using mesh = await start();
  const { namespace, broker } = mesh;
  const durable = {
    stream: streamNames(namespace).events,
    name: durableName("test.poisoned", "listen"),
    filters: [new Subjects(namespace).heardEvent(EchoSaidSchema.typeName)],
    from: "now" as const,
  };
  await ensureDurable(broker, durable);
  // Stands for an instance that the message ends each time.
  let deliveries = 0;
  const victim = pull(broker, {
    durable,
    maxMessages: 1,
    onMessage: async (message) => message.nak(++deliveries && 1),
  });
  await mesh.publish(EchoSaidSchema, { key: "poison" });
  await until(() => deliveries >= 14);
  await victim.stop();

  const listener = new Listener();
  await using _host = await testMesh({ agents: [listener.agent("test.poisoned")], namespace, clock: mesh.clock });
  await until(async () => (await mesh.deadLetters()).length > 0);
  expect(await mesh.deadLetters()).toMatchObject([
    { agent: "test.poisoned", error: { code: "INTERNAL", message: expect.stringContaining("never settled") } },
  ]);
  expect(listener.runs).toEqual([]);
});

test.concurrent("a consumer that has messages and delivers none is told of, and goes on when it does", async () => {
  await using mesh = await start();
  const { namespace, broker } = mesh;
  const stream = streamNames(namespace).events;
  const filters = [new Subjects(namespace).heardEvent(EchoSaidSchema.typeName)];
  const durable = { stream, name: durableName("test.stalled", "listen"), filters, from: "retained" as const };
  await ensureDurable(broker, durable);
  await broker.manager.consumers.pause(stream, durable.name, new Date(Date.now() + 3_600_000));
  const told: string[] = [];
  let heard = 0;
  const pulling = pull(broker, {
    durable,
    maxMessages: 1,
    onTrouble: ({ message }) => told.push(message),
    onMessage: async (message) => {
      heard++;
      message.ack();
    },
  });
  await mesh.publish(EchoSaidSchema, { key: "waits" });
  await until(() => told.length > 0);
  expect(told[0]).toMatch(/has 1 message\(s\) and delivers none; somebody has paused it/);
  await broker.manager.consumers.resume(stream, durable.name);
  await until(() => heard === 1);
  await pulling.stop();
});

test.concurrent("an instance that was killed or stands still is out of the directory within its time to live", async () => {
  await using mesh = await start();
  const { namespace } = mesh;
  const broker = inject("natsUrl");
  const instances = () => mesh.directory.instancesOf(EchoService.typeName).map(({ endpoint }) => endpoint);
  const [killed, frozen] = await Promise.all([startHost({ broker, namespace }), startHost({ broker, namespace })]);
  await using _killed = killed;
  await using _frozen = frozen;
  await until(() => [killed, frozen].every(({ url }) => instances().includes(url)));
  await Promise.all([killed.signal("SIGKILL"), frozen.signal("SIGSTOP")]);
  const started = performance.now();
  await until(() => ![killed, frozen].some(({ url }) => instances().includes(url)));
  // Time to live 10 s; five times that is a failure, not a slow machine.
  expect(performance.now() - started).toBeLessThan(50_000);
  await frozen.signal("SIGCONT");
  await until(() => instances().includes(frozen.url));
  await expect(mesh.client(EchoService).echo({ text: "back" })).resolves.toMatchObject({ text: "back" });
});
