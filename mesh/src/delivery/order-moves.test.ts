// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { unpin } from "../broker/durable.ts";
import { durableName, partitions } from "../broker/subjects.ts";
import { partitionOf, Tape } from "./testdata/tape.ts";
import { openTestDeliveries, type TestDeliveries } from "./testdata/test-deliveries.ts";

/** Takes partitions away from whoever has them, as the loss of a leader does. */
async function takeAway({ broker, names }: TestDeliveries, which: readonly number[]): Promise<void> {
  const name = (partition: number) => durableName("test.ear", "listen", `p${partition}`);
  const durable = (partition: number) =>
    ({ stream: names.events, name: name(partition), filters: [], from: "now" }) as const;
  await Promise.all(which.map((partition) => unpin(broker, durable(partition)).catch(() => {})));
}

const everywhere = Array.from({ length: partitions }, (_, partition) => partition);

test("while messages come in all the time and partitions move from one instance to the other, all of them are handled, in order and one at a time", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  const work = () => wait(Math.random() * 4);
  await mesh.instance([tape.hearer("first", work)]);
  await mesh.instance([tape.hearer("second", work)]);
  const keys = Array.from({ length: 24 }, (_, index) => `key-${index}`);
  const flowing = new AbortController();
  let turns = 0;
  const flow = (async () => {
    for (; !flowing.signal.aborted; turns++) {
      await mesh.say(...keys);
      // More than they take for a look, but no backlog without end where the machine is slow to move partitions.
      await until(() => flowing.signal.aborted || (turns + 1) * keys.length - tape.began.length < 2_000);
    }
  })();
  const both = () => new Set(tape.began.map(({ by }) => by)).size === 2;
  for (let move = 0; move < 4 || !both(); move++) {
    await wait(300);
    const before = tape.began.length;
    await takeAway(mesh, everywhere);
    // Whoever has them next begins although more comes in than it takes for a look.
    await until(() => keys.every((key) => tape.began.slice(before).some((each) => each.key === key)));
  }
  flowing.abort();
  await flow;
  await until(() => keys.every((key) => tape.of(key).length === turns));
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
});

test("a siding whose partition moves while it is worked on is worked on by the next owner, in order and one at a time, and closes", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  let isStuck = true;
  const work = async (key: string) => {
    while (key === "stuck" && isStuck) await wait(20);
    await wait(3);
  };
  await mesh.instance([tape.hearer("first", work)]);
  await mesh.instance([tape.hearer("second", work)]);
  const partition = partitionOf("stuck");
  const others = Array.from({ length: 400 }, (_, index) => `key-${index}`).filter(
    (key) => partitionOf(key) === partition,
  );
  await mesh.say(...Array.from({ length: 150 }, () => "stuck"));
  await mesh.say(...others);
  await until(() => others.every((key) => tape.of(key).length === 1));
  isStuck = false;
  for (let turn = 2; turn < 7; turn++) {
    await takeAway(mesh, [partition]);
    await mesh.say(...others);
    await until(() => others.every((key) => tape.of(key).length === turn));
  }
  await until(() => tape.of("stuck").length === 150);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
  let said = 150;
  await until(async () => {
    await mesh.say("stuck");
    said++;
    await until(() => tape.of("stuck").length === said);
    return (await sidingsIn(mesh)) === 0;
  });
  await mesh.say("stuck");
  await until(() => tape.of("stuck").length === said + 1);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
});

test("what waits in a siding is worked on by an instance that comes later, though nothing more comes in for its partition", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  let isStuck = true;
  const work = async () => {
    while (isStuck) await wait(20);
  };
  const { deliveries } = await mesh.instance([tape.hearer("first", work)]);
  await mesh.say(...Array.from({ length: 80 }, () => "stuck"));
  await until(async () => (await sidingsIn(mesh)) === 1);
  // Those before it are handled; of the rest the partition has nothing any more.
  const stopped = deliveries.stop();
  isStuck = false;
  await stopped;
  await deliveries.settled(2_000);
  await mesh.instance([tape.hearer("second")]);
  await until(() => tape.of("stuck").length === 80);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
});

/** How many durables of sidings there are. */
async function sidingsIn({ broker, names }: TestDeliveries): Promise<number> {
  let count = 0;
  for await (const { name } of broker.manager.consumers.list(names.events)) if (name.split("~").length === 4) count++;
  return count;
}
