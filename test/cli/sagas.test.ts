// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError, type Saga } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { booking, TripWorld } from "../agents/trip-agents.ts";
import { TripPaidSchema, TripWishedSchema } from "../gen/parley/test/v1/trip_pb.js";
import type { Ended } from "./command.ts";
import { Lines } from "./lines.ts";

const lines = new Lines();
let world: TripWorld;
let mesh: TestMesh;

// Each try of each test has a mesh of its own.
beforeEach(async () => {
  world = new TripWorld();
  const { agent, attach } = operatorAgent();
  mesh = await testMesh({ agents: [world.seats(), world.trips(), agent] });
  attach(mesh);
});
afterEach(() => mesh.drain());
afterAll(() => lines[Symbol.asyncDispose]());

function parley(...args: readonly string[]): Promise<Ended> {
  return lines.run([...args, "--url", mesh.url]);
}

const idOf = (trip: string) => `test.trips/trip/${trip}`;

/** Begins a saga and waits until it is listed as it shall stand. */
async function begin(trip: string, status: string, plan: (saga: Saga) => Promise<unknown>): Promise<void> {
  world.plans.set(trip, plan);
  await mesh.publish(TripWishedSchema, { trip, plan: trip });
  await becomes(trip, status);
}

async function becomes(trip: string, status: string): Promise<void> {
  const wanted = { running: 1, completed: 3, compensated: 4, "needs-attention": 5 }[status];
  const listed = () => mesh.sagas.list({ statuses: [], pageSize: 100, pageToken: "" });
  const statusOf = async () => (await listed()).sagas.find(({ key }) => key === trip)?.status;
  await expect.poll(statusOf).toBe(wanted);
}

test("sagas are listed, shown, resolved and canceled, for people and for programs", { timeout: 60_000 }, async () => {
  await begin("fine", "completed", (saga) => booking(saga, "seat"));
  await begin("waits", "running", (saga) =>
    saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 60_000 }),
  );
  world.before.set("release desk", () => {
    throw new MeshError({ code: "INVALID_MESSAGE", message: "closed" });
  });
  await begin("stuck", "needs-attention", async (saga) => {
    await booking(saga, "desk");
    throw new MeshError({ code: "REFUSED", message: "no chair" });
  });
  const [table, json, shown] = await Promise.all([
    parley("sagas", "list", "--status", "needs-attention", "completed", "--limit", "1"),
    parley("sagas", "list", "-o", "json", "--saga", "trip", "--since", "2026-01-01"),
    parley("sagas", "show", idOf("stuck")),
  ]);
  expect(table.output).toMatch(/SAGA +STATUS .*\ntest\.trips\/trip\/stuck +needs attention +1 .* INVALID_MESSAGE\n/);
  expect(table.errors).toContain("There are more: --limit 2 shows them.");
  expect(JSON.parse(json.output).map(({ key }: { key: string }) => key)).toEqual(["stuck", "waits", "fine"]);
  expect(shown.output).toMatch(/stuck {2}needs attention\nrun 1, version 1 .* parley\.test\.v1\n/);
  for (const line of [
    /\+0 ms +began +by parley\.test\.v1\.TripWished/,
    /call +book desk: parley\.test\.v1\.SeatService\/Book/,
    /done +book desk/,
    /undoes +no chair +REFUSED/,
    /ended +needs attention +INVALID_MESSAGE/,
  ]) {
    expect(shown.output).toMatch(line);
  }
  const [resolved, canceled] = await Promise.all([
    parley("sagas", "resolve", idOf("stuck"), "--note", "by hand"),
    parley("sagas", "cancel", idOf("waits"), "--by", "ada"),
  ]);
  expect(resolved).toMatchObject({ code: 0, output: "test.trips/trip/stuck is resolved\n" });
  expect(canceled.output).toContain("is canceled");
  await becomes("waits", "compensated");
  const { records } = await mesh.sagas.get(idOf("stuck"));
  expect(records.at(-1)?.what).toMatchObject({ case: "asked", value: { note: "by hand", what: { case: "resolve" } } });
});

test("what cannot be done says why", { timeout: 60_000 }, async () => {
  await begin("fine", "completed", (saga) => booking(saga, "seat"));
  const attempts = [
    [["show", "trip"], /SAGA_INVALID .*agent\/saga\/key/],
    [["retry", idOf("fine")], /only one that needs attention/],
    [["list", "--status", "odd"], /Allowed choices are running/],
  ] as const;
  const ended = await Promise.all(attempts.map(([args]) => parley("sagas", ...args)));
  for (const [index, [, wanted]] of attempts.entries()) {
    expect(ended[index]?.code).toBe(1);
    expect(ended[index]?.errors).toMatch(wanted);
  }
});
