// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { until } from "../../../test/tools/until.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { systemClock } from "../clock.ts";
import { dueHeader } from "../due.ts";
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

/** A message as it comes, and what is said about it. */
function came(more: Partial<PulledMessage> = {}) {
  const said: string[] = [];
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
    deliveryCount: 1,
    storedAt: 0,
    ack: () => void said.push("ack"),
    nak: (delayMs) => void said.push(`nak ${delayMs}`),
    term: () => void said.push("term"),
    working: () => {},
    prove: () => {},
    notBefore: 0,
    ...more,
  };
  return { pulled, said };
}

const drained = {
  clock: systemClock,
  deadLetters: { bury: async () => undefined },
  hold: async () => false,
  random: () => 0,
  abandoned: new AbortController().signal,
};

test("what was parked by an instance that ended before it could say so is not handled again", async () => {
  let runs = 0;
  const hearing = hearerOf(() => void runs++, { contract });
  const { double } = parking(async () => {}, true);
  const { pulled, said } = came({ deliveryCount: 2 });
  const init = { ...drained, parking: double };
  await deliver(pulled, hearing, init);
  expect([runs, said]).toEqual([0, ["ack"]]);
  await deliver({ ...pulled, deliveryCount: 1 }, hearing, init);
  expect([runs, said]).toEqual([1, ["ack", "ack"]]);
});

test("what is not due yet and cannot wait here goes back until then; an ordered one at once, for a new owner of its partition waits for it", async () => {
  const free = came();
  const due = new Date(Date.now() + 3_600_000).toISOString();
  const pulled = { ...free.pulled, headers: new Map([...free.pulled.headers, [dueHeader, due]]) };
  await deliver(
    pulled,
    hearerOf(() => {}, { contract }),
    drained,
  );
  await deliver(
    pulled,
    hearerOf(() => {}, { contract: { ...contract, ordered: true } }),
    drained,
  );
  expect(free.said).toEqual([expect.stringMatching(/^nak 3[56]\d{5}$/), "nak 1"]);
});
