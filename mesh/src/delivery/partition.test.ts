// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { until } from "../../../test/tools/until.ts";
import { durablesUnder, unpin } from "../broker/durable.ts";
import { keyToken } from "../broker/key-token.ts";
import { Pin } from "../broker/pin.ts";
import { ensureDurable, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { Hold } from "./hold.ts";
import { Partition } from "./partition.ts";
import { partitionWindow, partsOf } from "./parts.ts";
import { SidingBooks } from "./siding-book.ts";
import { partitionOf } from "./testdata/tape.ts";
import { contracts, hearerOf, openTestDeliveries, type TestDeliveries } from "./testdata/test-deliveries.ts";

/** A partition with what pulls from it; each turn is over when the test ends it. */
async function opened(mesh: TestDeliveries, key: string) {
  const { broker, namespace, subjects } = mesh;
  const hearing = hearerOf(() => {}, { contract: { ...contracts.event(EchoSaidSchema), ordered: true } });
  const durable = partsOf(hearing, subjects)[partitionOf(key)];
  if (durable === undefined) throw new Error("there is no such partition");
  await ensureDurable(broker, durable);
  const book = new SidingBooks(broker, namespace).of(durable);
  const partition = new Partition(broker, durable, book);
  const running: (() => void)[] = [];
  const waited: number[] = [];
  const arrivals = { before: () => {}, next: () => {} };
  const onMessage = async (message: PulledMessage) => {
    using hold = new Hold(message, { isLeased: true, onLost: () => partition.doubt() });
    arrivals.before();
    const turn = partition.turn(hold);
    arrivals.next();
    const leave = await turn;
    if (leave === undefined) return void waited.push(message.sequence);
    const ended = Promise.withResolvers<void>();
    running.push(ended.resolve);
    await ended.promise;
    hold.message.ack();
    leave();
  };
  const begin = () => {
    const pulling = pull(broker, { durable, maxMessages: partitionWindow, pin: partition.pin, onMessage });
    onTestFinished(async () => {
      partition.stop();
      await pulling.stop();
    });
    return pulling;
  };
  return { durable, book, partition, running, waited, arrivals, begin };
}

test("what comes in for a key with a siding while its partition is given away waits in the siding, too", async () => {
  await using mesh = await openTestDeliveries();
  const { durable, partition, running, waited, arrivals, begin } = await opened(mesh, "stuck");
  const pulling = begin();
  await mesh.say(...Array.from({ length: 80 }, () => "stuck"));
  await until(async () => {
    await partition.tend({ window: partitionWindow, run: async () => {} });
    await wait(50);
    return waited.length === 72 && (await durablesUnder(mesh.broker, durable)).length === 1;
  });
  arrivals.next = () => {
    arrivals.next = () => {};
    void partition.giveAway(pulling);
  };
  await mesh.say("stuck");
  for (let ended = 0; ended < 8; ended++) {
    await until(() => running.length === ended + 1);
    running[ended]?.();
  }
  await until(() => running.length + waited.length === 81);
  expect([running.length, waited.length]).toEqual([8, 73]);
});

test("a message of a key whose siding is out of reach does not begin: earlier ones may wait there", async () => {
  await using mesh = await openTestDeliveries();
  const { durable, book, running, waited, begin } = await opened(mesh, "stuck");
  const name = `${durable.name}~a`;
  await book.claim(async () => []);
  await book.write(() => [{ key: keyToken("stuck"), from: 1, name }]);
  const { consumers } = mesh.broker.manager;
  const ask = consumers.info.bind(consumers);
  const now = Date.now;
  let [refused, isAway, lateMs] = [0, true, 0];
  onTestFinished(() => {
    Date.now = now;
  });
  // The twenty seconds for which it is tried pass at once.
  Date.now = () => now() + lateMs;
  consumers.info = (...which) => {
    if (!isAway || which[1] !== name) return ask(...which);
    refused++;
    lateMs += 21_000;
    return Promise.reject(new Error("no leader"));
  };
  begin();
  await mesh.say("stuck");
  await until(() => refused > 2);
  expect(running).toEqual([]);
  isAway = false;
  await until(() => waited.length === 1);
  expect(running).toEqual([]);
});

test("a message that came in with the word that the pin is lost does not wait here: its next owner waits for it", async () => {
  await using mesh = await openTestDeliveries();
  const { broker } = mesh;
  const { durable, partition, running, waited, arrivals, begin } = await opened(mesh, "k");
  let kept = 0;
  const other = pull(broker, {
    durable,
    maxMessages: 1,
    pin: new Pin(() => {}),
    onMessage: async () => void kept++,
  });
  await mesh.say("k");
  await until(() => kept === 1);
  await other.stop();
  await unpin(broker, durable);
  arrivals.before = () => partition.pin.lost();
  begin();
  await mesh.say("k");
  await Promise.race([until(() => waited.length > 0), wait(3_000)]);
  expect([running.length, waited]).toEqual([0, [2]]);
});
