// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SagaStatus } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { MeshError } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { booking, seats, TripWorld } from "../agents/trip-agents.ts";
import { TripWishedSchema } from "../gen/parley/test/v1/trip_pb.js";
import { until } from "../tools/until.ts";

const world = new TripWorld();
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [world.seats(), world.trips()] });
});
afterAll(() => mesh.drain());

const wish = (trip: string, plan = trip) => mesh.publish(TripWishedSchema, { trip, plan });
const shown = (trip: string) => mesh.sagas.get(`test.trips/trip/${trip}`);
const statusOf = (trip: string) =>
  shown(trip).then(
    ({ summary }) => summary.status,
    () => SagaStatus.UNSPECIFIED,
  );
const becomes = (trip: string, status: SagaStatus) => until(async () => (await statusOf(trip)) === status);

describe("a saga", () => {
  test("does its steps and completes", async () => {
    world.plans.set("plain", async (saga) => {
      await booking(saga, "flight");
      await booking(saga, "hotel");
    });
    await wish("plain");
    await becomes("plain", SagaStatus.COMPLETED);
    expect(await mesh.load(seats.at("plain"))).toEqual({ flight: 1, hotel: 1 });
  });

  test("that fails undoes what it did, newest first", async () => {
    world.plans.set("undone", async (saga) => {
      await booking(saga, "train");
      await booking(saga, "ship");
      throw new MeshError({ code: "REFUSED", message: "no cabin" });
    });
    await wish("undone");
    await becomes("undone", SagaStatus.COMPENSATED);
    expect(world.came.slice(-4)).toEqual(["book train", "book ship", "release ship", "release train"]);
    expect(await mesh.load(seats.at("undone"))).toEqual({ train: 0, ship: 0 });
  });
});
