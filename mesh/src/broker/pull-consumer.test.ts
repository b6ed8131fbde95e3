// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, onTestFinished, test } from "vitest";
import type { Broker } from "./connection.ts";
import { type Durable, ensureDurable, type Pull, pull } from "./pull-consumer.ts";
import type { PulledMessage } from "./pulled-message.ts";
import { happened, openTestBroker, type TestBroker, textMessage } from "./testdata/test-broker.ts";

function durableOf({ names, subjects }: TestBroker, more: Partial<Durable> = {}): Durable {
  return {
    stream: names.events,
    name: "test-agent~hearer",
    filters: [subjects.heardEvent(happened.typeName)],
    from: "retained",
    ...more,
  };
}

async function publish({ appender, subjects }: TestBroker, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id));
}

/** What a pull hands over, to be looked at one after the other. */
interface Pulled extends Pull {
  /** The next message that was handed over; `finish` gives its place free. */
  next(): Promise<{ readonly message: PulledMessage; readonly text: string; finish(): void }>;
  /** Messages handed over and not yet asked for. */
  readonly waiting: number;
}

function pulling(broker: Broker, durable: Durable, maxMessages = 10): Pulled {
  type Item = Awaited<ReturnType<Pulled["next"]>>;
  const items: Item[] = [];
  const takers: ((item: Item) => void)[] = [];
  const onMessage = (message: PulledMessage) =>
    new Promise<void>((finish) => {
      const item = { message, text: new TextDecoder().decode(message.payload), finish };
      const taker = takers.shift();
      if (taker === undefined) items.push(item);
      else taker(item);
    });
  const pulling = pull(broker, { durable, maxMessages, onMessage });
  onTestFinished(pulling.stop);
  const next = () => {
    const item = items.shift();
    return item === undefined ? new Promise<Item>((resolve) => takers.push(resolve)) : Promise.resolve(item);
  };
  return {
    ...pulling,
    next,
    get waiting() {
      return items.length;
    },
  };
}

test("a pulled message is what was appended", async () => {
  await using mesh = await openTestBroker();
  const before = Date.now();
  await publish(mesh, "m1");
  const { message, text } = await pulling(mesh.broker, durableOf(mesh)).next();
  expect(message).toMatchObject({ stream: mesh.names.events, sequence: 1, deliveryCount: 1 });
  expect(message.subject).toBe(`${mesh.namespace}.evt.high.parley-test-v1-Happened.10.k`);
  expect([...message.headers.keys()].sort()).toEqual(["ce-id", "parley-digest"]);
  expect(message.headers.get("ce-id")).toBe("m1");
  expect(text).toBe("m1");
  expect(message.storedAt).toBeGreaterThanOrEqual(before - 1);
  expect(message.storedAt).toBeLessThanOrEqual(Date.now());
});

test("no more messages are in hand than there is room for", async () => {
  await using mesh = await openTestBroker();
  const ids = Array.from({ length: 9 }, (_, index) => `m${index}`);
  await publish(mesh, ...ids);
  const pulled = pulling(mesh.broker, durableOf(mesh), 3);
  const heard: string[] = [];
  const inHand = [await pulled.next(), await pulled.next(), await pulled.next()];
  const { num_ack_pending } = await mesh.broker.manager.consumers.info(mesh.names.events, "test-agent~hearer");
  expect([num_ack_pending, pulled.waiting]).toEqual([3, 0]);
  for (let item = inHand.shift(); item !== undefined; item = inHand.shift()) {
    heard.push(item.text);
    item.message.ack();
    item.finish();
    if (heard.length + inHand.length < ids.length) inHand.push(await pulled.next());
  }
  expect(heard).toEqual(ids);
});

test("a new durable hears from now, one that exists goes on where it was", async () => {
  await using mesh = await openTestBroker();
  await publish(mesh, "before");
  const durable = durableOf(mesh, { from: "now" });
  // EVENTS has the first one for sure when a durable that hears everything has pulled it.
  await pulling(mesh.broker, durableOf(mesh, { name: "all" })).next();
  await ensureDurable(mesh.broker, durable);
  await publish(mesh, "after");
  expect((await pulling(mesh.broker, durable).next()).text).toBe("after");
});

test("a durable can be given other filters and keeps its place", async () => {
  await using mesh = await openTestBroker();
  const other = "parley.test.v1.Other";
  await ensureDurable(mesh.broker, durableOf(mesh, { filters: [mesh.subjects.heardEvent(other)] }));
  await publish(mesh, "m1");
  const both = durableOf(mesh, {
    filters: [mesh.subjects.heardEvent(other), mesh.subjects.heardEvent(happened.typeName)],
  });
  await ensureDurable(mesh.broker, both);
  await publish(mesh, "m2");
  const { filter_subjects } = (await mesh.broker.manager.consumers.info(both.stream, both.name)).config;
  expect(filter_subjects).toEqual(both.filters);
  expect((await pulling(mesh.broker, both).next()).text).toMatch(/^m[12]$/);
});

test("hosts may make the same durable at the same time", async () => {
  await using mesh = await openTestBroker();
  const durables = (["now", "retained", "now", "retained"] as const).map((from) => durableOf(mesh, { from }));
  await Promise.all(durables.map((durable) => ensureDurable(mesh.broker, durable)));
  await publish(mesh, "m1");
  expect((await pulling(mesh.broker, durableOf(mesh)).next()).text).toBe("m1");
});

test("a message that is given back comes again after its delay, counted", async () => {
  await using mesh = await openTestBroker();
  await publish(mesh, "m1");
  const pulled = pulling(mesh.broker, durableOf(mesh));
  const first = await pulled.next();
  const givenBack = performance.now();
  first.message.nak(300);
  first.finish();
  const second = await pulled.next();
  // The broker's clock and this one differ by less than that.
  expect(performance.now() - givenBack).toBeGreaterThan(250);
  expect(second.message.deliveryCount).toBe(2);
});

test("an ended message does not come again, and what is said about it afterwards is dropped", async () => {
  await using mesh = await openTestBroker();
  await publish(mesh, "m1", "m2");
  const pulled = pulling(mesh.broker, durableOf(mesh), 1);
  const first = await pulled.next();
  first.message.term();
  first.message.nak(1);
  first.finish();
  expect((await pulled.next()).text).toBe("m2");
});

test("what an instance does not settle goes to another one in time, what it says it works on does not", async () => {
  await using mesh = await openTestBroker();
  await publish(mesh, "forgotten", "worked on");
  const durable = durableOf(mesh, { ackWaitMs: 5_000 });
  const first = pulling(mesh.broker, durable);
  const forgotten = await first.next();
  const worked = await first.next();
  const working = setInterval(() => worked.message.working(), 1_000);
  onTestFinished(() => clearInterval(working));
  const again = await first.next();
  expect([again.text, again.message.deliveryCount]).toEqual([forgotten.text, 2]);
  expect(first.waiting).toBe(0);
});

test("a durable that is deleted is made again, and nothing that was not settled is left out", async () => {
  await using mesh = await openTestBroker();
  const durable = durableOf(mesh, { from: "now" });
  await ensureDurable(mesh.broker, durable);
  const pulled = pulling(mesh.broker, durable);
  await publish(mesh, "m1", "m2");
  const [done, open] = [await pulled.next(), await pulled.next()];
  done.message.ack();
  done.finish();
  await mesh.broker.manager.consumers.delete(durable.stream, durable.name);
  await publish(mesh, "m3");
  expect([(await pulled.next()).text, (await pulled.next()).text]).toEqual(["m2", "m3"]);
  open.finish();
});

test("a durable from now that is deleted before it heard anything leaves nothing out either, and it is told", async () => {
  await using mesh = await openTestBroker();
  const durable = durableOf(mesh, { from: "now" });
  const told: string[] = [];
  const heard: string[] = [];
  const onMessage = async (message: PulledMessage) => {
    heard.push(new TextDecoder().decode(message.payload));
    message.ack();
  };
  const pulling = pull(mesh.broker, { durable, maxMessages: 1, onMessage, onRemade: (where) => told.push(where) });
  onTestFinished(pulling.stop);
  const info = () => mesh.broker.manager.consumers.info(durable.stream, durable.name);
  while ((await info().catch(() => ({ num_waiting: 0 }))).num_waiting === 0) await new Promise(setImmediate);
  await pulling.pause();
  await publish(mesh, "m1");
  await mesh.broker.manager.consumers.delete(durable.stream, durable.name);
  pulling.resume();
  while (heard.length === 0) await new Promise(setImmediate);
  expect([heard, told]).toEqual([["m1"], [expect.stringContaining("made again at message 1")]]);
});

test("a stream that is gone is told, and pulling goes on when it is there", async () => {
  await using mesh = await openTestBroker();
  const { broker } = mesh;
  const missing = `${mesh.namespace}_MISSING`;
  const durable = { ...durableOf(mesh), stream: missing, filters: [`${mesh.namespace}.missing.>`] };
  let tell = (_: unknown) => {};
  const told = new Promise((resolve) => {
    tell = resolve;
  });
  const heard = new Promise<string>((resolve) => {
    const onMessage = async (message: PulledMessage) => resolve(new TextDecoder().decode(message.payload));
    onTestFinished(pull(broker, { durable, maxMessages: 1, onMessage, onTrouble: tell }).stop);
  });
  expect(await told).toMatchObject({ code: "NOT_FOUND", message: expect.stringContaining(missing) });
  await broker.manager.streams.add({ name: missing, subjects: [`${mesh.namespace}.missing.>`] });
  await mesh.appender.append(textMessage(`${mesh.namespace}.missing.k`, "m1"));
  expect(await heard).toBe("m1");
});

test("a stopped pull takes nothing more and keeps nothing back", async () => {
  await using mesh = await openTestBroker();
  const durable = durableOf(mesh);
  const first = pulling(mesh.broker, durable);
  await publish(mesh, "m1");
  (await first.next()).message.ack();
  await first.stop();
  await publish(mesh, "m2");
  const second = await pulling(mesh.broker, durable).next();
  expect([second.text, second.message.deliveryCount]).toEqual(["m2", 1]);
  expect(first.waiting).toBe(0);
});

test("a paused pull asks for nothing, and goes on where it was", async () => {
  await using mesh = await openTestBroker();
  const durable = durableOf(mesh);
  const paused = pulling(mesh.broker, durable);
  await publish(mesh, "m1");
  (await paused.next()).message.ack();
  await paused.pause();
  await paused.pause();
  await publish(mesh, "m2");
  const other = pulling(mesh.broker, durable);
  const { message, text } = await other.next();
  message.ack();
  expect([text, message.deliveryCount, paused.waiting]).toEqual(["m2", 1, 0]);
  await other.stop();
  await publish(mesh, "m3");
  paused.resume();
  paused.resume();
  const third = await paused.next();
  expect([third.text, third.message.deliveryCount]).toEqual(["m3", 1]);
});

test("a handler that throws gives its message back and its place free", async () => {
  await using mesh = await openTestBroker();
  await publish(mesh, "m1");
  let tries = 0;
  const heard = new Promise<number>((resolve) => {
    const onMessage = async (message: PulledMessage) => {
      if (++tries === 1) throw new Error("unforeseen");
      message.ack();
      resolve(message.deliveryCount);
    };
    onTestFinished(pull(mesh.broker, { durable: durableOf(mesh), maxMessages: 1, onMessage }).stop);
  });
  expect(await heard).toBe(2);
});
