// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createNoopMeter, type Meter, metrics } from "@opentelemetry/api";
import { afterEach, expect, test } from "vitest";
import { AccountTransferredSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { accountsJournal, openJournalWorld } from "./testdata/journal-world.ts";

afterEach(() => metrics.disable());

/** A meter that keeps what is given to it, by the name of the instrument. */
function keepingMeter(kept: Map<string, number[]>): Meter {
  const meter = Object.create(createNoopMeter()) as Meter;
  const keep = (name: string) => (value: number) => void kept.set(name, [...(kept.get(name) ?? []), value]);
  return Object.assign(meter, {
    createHistogram: (name: string) => ({ record: keep(name) }),
    createCounter: (name: string) => ({ add: keep(name) }),
  });
}

test("commits, the rounds they lost and the marks they left are measured", async () => {
  const kept = new Map<string, number[]>();
  const meter = keepingMeter(kept);
  metrics.setGlobalMeterProvider({ getMeter: () => meter });
  await using world = await openJournalWorld();
  const [host, other] = [await world.host(), await world.host()];
  const at = accountsJournal().at("ann");
  await host.deposit(at);
  await other.deposit(at);
  await host.deposit(at);
  await host.commit({}, (_, outbox) => outbox.publish(AccountTransferredSchema, { from: "ann", amount: 1n }));
  expect(kept.get("parley.commit.duration")).toHaveLength(4);
  expect(kept.get("parley.commit.conflicts")).toEqual([1]);
  expect(kept.get("parley.commit.marks")).toEqual([1]);
});
