// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { until } from "../../../test/tools/until.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { systemClock } from "../clock.ts";
import { MeshError } from "../mesh-error.ts";
import { deliver } from "./deliver.ts";
import type { Parked, Parking } from "./parking.ts";
import { contracts, hearerOf, openTestDeliveries } from "./testdata/test-deliveries.ts";

const soon = new Map([["UNAVAILABLE", { delaysMs: [50, 50], jitter: 0, maxRetryAfterMs: 60_000 }]] as const);
const contract = { ...contracts.event(EchoSaidSchema), retries: soon };
const down = new MeshError({ code: "UNAVAILABLE", message: "down" });

/** Parking that is asked, and does as it is told. */
function parking(park: (parked: Parked) => Promise<void>, holds = false) {
  const asked: (readonly [attempt: number, failed: number])[] = [];
  const double: Parking = {
    async park(_, parked) {
      asked.push([parked.header.attempt, parked.attempts.length]);
      await park(parked);
    },
    holds: async () => holds,
  };
  return { double, asked };
}

test.each([
  ["it is too large with its headers", new MeshError({ code: "TOO_LARGE", message: "too large" })],
  ["the broker is away", new MeshError({ code: "BROKER_UNAVAILABLE", message: "away" })],
])("a retry that cannot lie at the broker, because %s, waits in memory and keeps its count", async (_, error) => {
  await using mesh = await openTestDeliveries();
  const attempts: number[] = [];
  const hearer = hearerOf(
    (_, { header }) => {
      attempts.push(header.attempt);
      if (attempts.length < 3) throw down;
    },
    { contract },
  );
  const { double, asked } = parking(() => Promise.reject(error));
  const { deliveries } = await mesh.instance([hearer], { parking: double, parkOverMs: 10 });
  await mesh.say("k");
  await until(() => attempts.length === 3 && deliveries.moving === 0);
  expect(attempts).toEqual([1, 2, 3]);
  expect(asked).toEqual([
    [2, 1],
    [3, 2],
  ]);
});

test("a retry of an ordered hearer never lies at the broker: its key waits for it", async () => {
  await using mesh = await openTestDeliveries();
  const attempts: number[] = [];
  const hearer = hearerOf(
    (_, { header }) => {
      attempts.push(header.attempt);
      if (attempts.length < 3) throw down;
    },
    { contract: { ...contract, ordered: true } },
  );
  const { double, asked } = parking(async () => {});
  await mesh.instance([hearer], { parking: double, parkOverMs: 10 });
  await mesh.say("k");
  await until(() => attempts.length === 3);
  expect(asked).toEqual([]);
});

test("what was parked by an instance that ended before it could say so is not handled again", async () => {
  let runs = 0;
  const said: string[] = [];
  const hearing = hearerOf(() => void runs++, { contract });
  const { double } = parking(async () => {}, true);
  const headers = new Map([
    ["ce-id", "m-1"],
    ["ce-source", "test.speaker"],
    ["ce-type", EchoSaidSchema.typeName],
  ]);
  const pulled: PulledMessage = {
    stream: "S",
    sequence: 1,
    subject: "ns.evt.medium.t.1.k",
    headers,
    payload: new Uint8Array(),
    deliveryCount: 2,
    storedAt: 0,
    ack: () => void said.push("ack"),
    nak: () => void said.push("nak"),
    term: () => void said.push("term"),
    working: () => {},
    prove: () => {},
    notBefore: 0,
  };
  const init = {
    clock: systemClock,
    deadLetters: { bury: async () => undefined },
    hold: async () => false,
    random: () => 0,
    abandoned: new AbortController().signal,
    parking: double,
  };
  await deliver(pulled, hearing, init);
  expect([runs, said]).toEqual([0, ["ack"]]);
  await deliver({ ...pulled, deliveryCount: 1 }, hearing, init);
  expect([runs, said]).toEqual([1, ["ack", "ack"]]);
});
