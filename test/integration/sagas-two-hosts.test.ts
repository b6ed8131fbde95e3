// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SagaStatus } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { MeshError, type Saga } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { booking, seats, TripWorld } from "../agents/trip-agents.ts";
import { hasten } from "../crash/settle.ts";
import { TripPaidSchema, TripWishedSchema } from "../gen/parley/test/v1/trip_pb.js";
import { until } from "../tools/until.ts";

const { COMPENSATED, COMPLETED, NEEDS_ATTENTION, RESOLVED } = SagaStatus;
const world = new TripWorld();
let first: TestMesh;
let second: TestMesh;

beforeAll(async () => {
  first = await testMesh({ agents: [world.seats(), world.trips()] });
  const { namespace, clock } = first;
  second = await testMesh({ agents: [world.seats(), world.trips(2)], namespace, clock });
});
afterAll(async () => {
  await second.drain();
  await first.drain();
});

const idOf = (trip: string) => `test.trips/trip/${trip}`;
const statusOf = async (trip: string) => (await first.sagas.get(idOf(trip)).catch(() => undefined))?.summary.status;
const begin = (trip: string, plan: (saga: Saga) => Promise<unknown>) => {
  world.plans.set(trip, plan);
  return first.publish(TripWishedSchema, { trip, plan: trip });
};
const handlersOf = (what: string) => world.came.filter((each) => each === what).length;

/** Delivers again what a host has in hand, as the broker does when that host stands still, until it has come so far. */
async function takenOver(until: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await until())) await hasten(first.broker, first.namespace);
}

/** Holds up the first handler of a kind that comes, as a process does that stands still; gives what lets it go on. */
function holdUp(what: string): () => void {
  const gate = Promise.withResolvers<void>();
  let isFirst = true;
  world.before.set(what, () => {
    const waits = isFirst;
    isFirst = false;
    return waits ? gate.promise : undefined;
  });
  return gate.resolve;
}

test("a saga that two hosts drive at once has each effect once", async () => {
  const release = holdUp("book flight");
  await begin("raced", async (saga) => {
    await booking(saga, "flight");
    await saga.all(booking(saga, "hotel"), booking(saga, "car"));
  });
  await takenOver(() => handlersOf("book flight") === 2);
  release();
  await expect.poll(() => statusOf("raced")).toBe(COMPLETED);
  await first.settled();
  expect(await first.load(seats.at("raced"))).toEqual({ flight: 1, hotel: 1, car: 1 });
});

test("a step that comes after it was undone is refused, whoever is still about it", async () => {
  const release = holdUp("book ship");
  await begin("late", (saga) => booking(saga, "ship"));
  await expect.poll(() => handlersOf("book ship")).toBe(1);
  await first.sagas.cancel(idOf("late"), { agent: "mesh.operator", by: "ada", note: "" });
  await takenOver(async () => (await statusOf("late")) === COMPENSATED);
  expect(handlersOf("release ship")).toBeGreaterThan(0);
  release();
  await expect.poll(() => world.refused).toMatchObject([{ code: "STEP_UNDONE" }]);
  await first.settled();
  expect(await first.load(seats.at("late"))).toEqual({});
  expect(await statusOf("late")).toBe(COMPENSATED);
});

test("one that newer code began is left alone by an older host, and goes on where there is newer code", async () => {
  const versions: number[] = [];
  const { clock } = first;
  world.plans.set("newer", async (saga) => {
    await saga.waitFor("money", TripPaidSchema, { key: "newer", timeoutMs: 600_000 });
    versions.push(saga.version);
  });
  await using mesh = await testMesh({ agents: [] });
  const where = { namespace: mesh.namespace, clock };
  {
    await using newer = await testMesh({ agents: [world.seats(), world.trips(2)], ...where });
    await newer.publish(TripWishedSchema, { trip: "newer", plan: "newer" });
    await expect
      .poll(async () => (await mesh.sagas.get(idOf("newer")).catch(() => undefined))?.records.at(-1)?.what.case)
      .toBe("parked");
  }
  {
    await using older = await testMesh({ agents: [world.seats(), world.trips(1)], ...where });
    await older.publish(TripPaidSchema, { trip: "newer", amount: 1 });
    await expect.poll(() => older.observed.filter(({ error }) => error === "JOURNAL_AHEAD").length).toBeGreaterThan(0);
  }
  await using _newer = await testMesh({ agents: [world.seats(), world.trips(2)], ...where });
  const status = async () => (await mesh.sagas.get(idOf("newer"))).summary.status;
  await expect.poll(status).toBe(COMPLETED);
  expect(versions).toEqual([2]);
});

describe("one that the broker has lost what is to move it", () => {
  const day = 86_400_000;
  let mesh: TestMesh;
  beforeEach(async () => {
    mesh = await testMesh({ agents: [] });
  });
  afterEach(() => mesh.drain());

  const hosted = () =>
    testMesh({
      agents: [world.seats(), world.trips()],
      namespace: mesh.namespace,
      clock: mesh.clock,
      sagaSweepMs: 200,
    });
  const summary = async (id: string) => (await mesh.sagas.get(id).catch(() => undefined))?.summary;
  const isListed = async (id: string) => {
    const { sagas } = await mesh.sagas.list({ statuses: [], pageSize: 10, pageToken: "" });
    return sagas.some(({ sagaId }) => sagaId === id);
  };
  const loseEvents = async () => {
    const { manager } = mesh.broker;
    const filter = `${mesh.namespace}.evt.>`;
    await manager.streams.purge(streamNames(mesh.namespace).events, { filter });
  };
  const begun = async (trip: string, plan: (saga: Saga) => Promise<unknown>, isReady: () => Promise<boolean>) => {
    world.plans.set(trip, plan);
    await using before = await hosted();
    await before.publish(TripWishedSchema, { trip, plan: trip });
    await expect.poll(isReady).toBe(true);
    await before.settled();
  };
  const isCompleted = (trip: string) => expect.poll(async () => (await summary(idOf(trip)))?.status).toBe(COMPLETED);
  const sleeps = (saga: Saga) => saga.sleepUntil("night", new Date(saga.now().getTime() + 3_600_000));

  test("is woken by the next instance that starts", async () => {
    await begun("sleeper", sleeps, async () => (await summary(idOf("sleeper")))?.due !== undefined);
    await loseEvents();
    await mesh.clock.advance(7_200_000);
    await using _after = await hosted();
    await isCompleted("sleeper");
  });

  test("is woken by an instance that runs already", async () => {
    await begun("watched", sleeps, async () => (await summary(idOf("watched")))?.due !== undefined);
    await loseEvents();
    await using _one = await hosted();
    await using _two = await hosted();
    await mesh.clock.advance(3_700_000);
    await isCompleted("watched");
  });

  test("is told again of the end of one that it began", async () => {
    const child = "test.trips/part/deserted-a";
    const told: string[] = [];
    world.before.set("release sofa", () => {
      throw new MeshError({ code: "INVALID_MESSAGE", message: "too heavy" });
    });
    world.plans.set("heavy", async (saga) => {
      await booking(saga, "sofa");
      throw new MeshError({ code: "REFUSED", message: "no room" });
    });
    const parent = async (saga: Saga) => {
      const { part } = world;
      if (part === undefined) throw new Error("no part");
      await saga.child("a", part, { trip: `${saga.key}-a`, plan: "heavy" }).catch((error) => told.push(error.message));
    };
    await begun("deserted", parent, async () => (await summary(child))?.status === NEEDS_ATTENTION);
    await mesh.sagas.resolve(child, { agent: "mesh.operator", by: "ada", note: "sold it" });
    await until(async () => (await summary(child))?.status === RESOLVED);
    await mesh.settled();
    await loseEvents();
    await mesh.clock.advance(9 * day);
    await using _after = await hosted();
    await isCompleted("deserted");
    expect(told.at(-1)).toContain("resolved by hand");
  });

  test("is taken over when nobody has moved it for longer than events are kept", async () => {
    let isClosed = true;
    world.before.set("book mast", () => {
      if (isClosed) throw new MeshError({ code: "UNAVAILABLE", message: "closed" });
    });
    await begun(
      "adrift",
      (saga) => booking(saga, "mast"),
      () => isListed(idOf("adrift")),
    );
    await loseEvents();
    isClosed = false;
    await mesh.clock.advance(9 * day);
    await using _after = await hosted();
    await isCompleted("adrift");
    expect(await mesh.load(seats.at("adrift"))).toEqual({ mast: 1 });
  });
});
