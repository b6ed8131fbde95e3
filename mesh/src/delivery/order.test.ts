// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { until } from "../../../test/tools/until.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { partitionOf, Tape } from "./testdata/tape.ts";
import { contracts, hearerOf, openTestDeliveries, type TestDeliveries } from "./testdata/test-deliveries.ts";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function keysOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `key-${index}`);
}

async function sayInTurns(mesh: TestDeliveries, keys: readonly string[], turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await mesh.say(...keys);
}

test("messages of one key run one after the other in the order of their storing, those of other keys beside them", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  await mesh.instance([tape.hearer("a", () => pause(3))]);
  await sayInTurns(mesh, keysOf(30), 5);
  await until(() => tape.began.length === 150);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
});

test("instances that come share the partitions, one that leaves gives its own back, and no key gets out of order", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  const keys = keysOf(48);
  const first = await mesh.instance([tape.hearer("first", () => pause(2))]);
  await sayInTurns(mesh, keys, 2);
  await until(() => tape.began.length === 96);
  const second = await mesh.instance([tape.hearer("second", () => pause(2))]);
  let turns = 2;
  await until(async () => {
    await mesh.say(...keys);
    turns++;
    await until(() => tape.began.length >= keys.length * turns);
    return new Set(tape.began.slice(-keys.length).map(({ by }) => by)).size === 2;
  });
  void mesh.say(...keys);
  await first.deliveries.stop();
  await first.deliveries.settled(1_000);
  const before = tape.began.length;
  await mesh.say(...keys);
  turns += 2;
  await until(() => tape.keys.every((key) => tape.of(key).length === turns));
  expect(tape.began.slice(before + keys.length).every(({ by }) => by === "second")).toBe(true);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
  void second;
});

/** In every run few enough for its time; 10,000 pass too. */
const manyKeys = Number(process.env["PARLEY_TEST_KEYS"] ?? 1_500);

test("of many keys one is poison: it is tried and buried by itself, and all others are heard meanwhile", async () => {
  await using mesh = await openTestDeliveries();
  const clock = new ManualClock();
  const heard = new Set<string>();
  const tries: string[] = [];
  const hearer = hearerOf(
    ({ key, text }) => {
      if (key !== "poison") return void heard.add(key);
      tries.push(text);
      throw new TypeError("never");
    },
    { contract: { ...contracts.event(EchoSaidSchema), ordered: true } },
  );
  await mesh.say("poison", "poison", ...keysOf(manyKeys));
  const { deliveries } = await mesh.instance([hearer], { clock });
  await until(() => heard.size === manyKeys && tries.length === 1);
  await until(() => deliveries.moving === 0);
  const letters = async () => (await mesh.broker.manager.streams.info(mesh.names.dead)).state.messages;
  while ((await letters()) < 2) {
    await clock.advance(1_000);
    await pause(5);
  }
  expect(tries.toSorted()).toEqual(tries);
  expect(new Set(tries)).toEqual(new Set(["poison 1", "poison 2"]));
});

test("a key that is stuck with hundreds behind it goes to a siding, the other keys of its partition go on, and its order is kept over a change of instance", async () => {
  await using mesh = await openTestDeliveries();
  const tape = new Tape();
  let release = () => {};
  const stuck = new Promise<void>((resolve) => {
    release = resolve;
  });
  const work = (key: string) => (key === "stuck" ? stuck : Promise.resolve());
  const first = await mesh.instance([tape.hearer("first", work)]);
  const others = keysOf(400).filter((key) => partitionOf(key) === partitionOf("stuck"));
  await mesh.say(...Array.from({ length: 200 }, () => "stuck"));
  await mesh.say(...others);
  await until(() => others.every((key) => tape.of(key).length === 1));
  expect(tape.of("stuck")).toHaveLength(1);

  release();
  await until(() => tape.of("stuck").length > 20);
  await first.deliveries.stop();
  await first.deliveries.settled(1_000);
  await mesh.instance([tape.hearer("second", work)]);
  await mesh.say("stuck", ...others);
  await until(() => tape.of("stuck").length === 201 && others.every((key) => tape.of(key).length === 2));
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);

  // The siding goes when it is empty, and the key is the partition's again.
  const sidings = async () => {
    const names: string[] = [];
    for await (const { name } of mesh.broker.manager.consumers.list(mesh.names.events)) names.push(name);
    return names.filter((name) => name.split("~").length === 4);
  };
  let said = 201;
  await until(async () => {
    await mesh.say("stuck");
    said++;
    await until(() => tape.of("stuck").length === said);
    return (await sidings()).length === 0;
  });
  await mesh.say("stuck");
  await until(() => tape.of("stuck").length === said + 1);
  expect([tape.overlaps, tape.outOfOrder]).toEqual([[], []]);
});
