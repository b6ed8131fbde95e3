// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { ensureDurable } from "../broker/pull-consumer.ts";
import { partsOf } from "./parts.ts";
import { commandHearerOf, hearerOf, openTestDeliveries } from "./testdata/test-deliveries.ts";

/** Handlers that go on only when the test says so, in the order of their beginning. */
class Held {
  readonly began: string[] = [];
  readonly #open: (() => void)[] = [];
  #isOpen = false;

  begin(name: string): Promise<void> {
    this.began.push(name);
    return this.#isOpen ? Promise.resolve() : new Promise((resolve) => this.#open.push(resolve));
  }

  /** Lets one end, the oldest. */
  endOne(): void {
    this.#open.shift()?.();
  }

  endAll(): void {
    this.#isOpen = true;
    for (const open of this.#open.splice(0)) open();
  }
}

test("urgent commands of a method begin at once while others in lane LOW take all places that are not reserved [R25, R27]", async () => {
  await using mesh = await openTestDeliveries();
  const held = new Held();
  await mesh.order("low", 500);
  const hearer = commandHearerOf((lane) => held.begin(lane), { maxConcurrency: 16 });
  const { deliveries } = await mesh.instance([hearer]);
  await until(() => held.began.length === 10);
  await mesh.order("critical", 2);
  await mesh.order("high", 2);
  await mesh.order("medium", 2);
  await until(() => held.began.length === 16);
  expect(held.began.slice(10).toSorted()).toEqual(["critical", "critical", "high", "high", "medium", "medium"]);
  // What is in hand is bounded, whatever waits.
  expect(deliveries.moving).toBeLessThan(60);

  await mesh.order("critical", 3);
  await until(async () => (await mesh.open("undelivered", "~critical")) === 0);
  const since = held.began.length;
  for (let index = 0; index < 3; index++) held.endOne();
  await until(() => held.began.length === since + 3);
  expect(held.began.slice(since)).toEqual(["critical", "critical", "critical"]);
  held.endAll();
  await until(() => held.began.length === 509);
});

test("a flood of one hearer in lane LOW leaves places of the process to the more urgent ones of another", async () => {
  await using mesh = await openTestDeliveries();
  const held = new Held();
  await mesh.order("low", 200);
  const flooded = commandHearerOf((lane) => held.begin(lane));
  const urgent = (name: string, priority: "CRITICAL" | "LOW") => {
    const hearer = hearerOf(() => held.begin(name), { name });
    return { ...hearer, contract: { ...hearer.contract, priority } };
  };
  await mesh.instance([flooded, urgent("event", "CRITICAL")], { maxHandlers: 8 });
  await until(() => held.began.length === 5);
  await mesh.say("k");
  await until(() => held.began.length === 6);
  expect(held.began).toEqual([...Array.from({ length: 5 }, () => "low"), "event"]);
  held.endAll();
});

test("where a method gets an order key, or loses it, its commands go on where they were", async () => {
  await using mesh = await openTestDeliveries();
  const ran: string[] = [];
  const hearer = (ordered: boolean) => {
    const plain = commandHearerOf((lane, key) => void ran.push(`${lane} ${key}`));
    return { ...plain, contract: { ...plain.contract, ordered } };
  };
  const expected: string[] = [];
  for (const [turn, ordered] of [false, true, false].entries()) {
    const { deliveries } = await mesh.instance([hearer(ordered)]);
    for (const lane of ["low", "medium", "critical"] as const) {
      await mesh.order(lane, 1, `k${turn}`);
      expected.push(`${lane} k${turn}`);
    }
    await until(async () => ran.length === expected.length && (await mesh.open("unsettled")) === 0);
    await deliveries.stop();
    await deliveries.settled(100);
    await mesh.order("high", 1, `between ${turn}`);
    expected.push(`high between ${turn}`);
  }
  await mesh.instance([hearer(false)]);
  await until(() => ran.length >= expected.length);
  expect(ran.toSorted()).toEqual(expected.toSorted());
});

test("a durable of all lanes, as hosts made it before there were lanes, is left to MEDIUM, and nothing is left out", async () => {
  await using mesh = await openTestDeliveries();
  const ran: string[] = [];
  const hearer = commandHearerOf((lane) => void ran.push(lane));
  const [medium] = partsOf(hearer, mesh.subjects).filter(({ name }) => name.split("~").length === 2);
  if (medium === undefined) throw new Error("no part of MEDIUM");
  await ensureDurable(mesh.broker, { ...medium, filters: [mesh.subjects.heardCommand(hearer.operation.name)] });
  await mesh.order("low", 1);
  const { jetstream } = mesh.broker;
  (await (await jetstream.consumers.get(medium.stream, medium.name)).next())?.ack();
  for (const lane of ["low", "critical", "medium"] as const) await mesh.order(lane, 2);
  await mesh.instance([hearer]);
  await until(() => ran.length >= 6);
  expect(ran.toSorted()).toEqual(["critical", "critical", "low", "low", "medium", "medium"]);
});
