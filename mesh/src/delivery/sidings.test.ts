// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { durablesUnder, ensureDurable } from "../broker/durable.ts";
import { openBucket } from "../broker/key-value.ts";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { MeshError } from "../mesh-error.ts";
import { SidingBook } from "./siding-book.ts";
import { Sidings } from "./sidings.ts";

/** A book of which nobody knows what became of a change. */
class DoubtfulBook extends SidingBook {
  isInDoubt = false;

  override async write(...change: Parameters<SidingBook["write"]>): Promise<boolean> {
    const isWritten = await super.write(...change);
    if (!this.isInDoubt || change.length === 0) return isWritten;
    throw new MeshError({ code: "BROKER_UNAVAILABLE", message: "no answer came" });
  }
}

test("a siding of which it is not known whether it is off the book takes nothing any more until the book is read again", async () => {
  await using mesh = await openTestBroker();
  const { broker, namespace, names, subjects } = mesh;
  const name = "agent~hearer~p1";
  const filters = [subjects.heardEvent("test.Said", { partition: 1 })];
  const partition = { stream: names.events, name, filters, from: "now" } as const;
  await ensureDurable(broker, partition);
  const book = new DoubtfulBook(broker, partition, () => openBucket(broker, { namespace, purpose: "sidings" }));
  await book.claim(async () => [{ key: "k", from: 1, name: `${name}~a` }]);
  let doubts = 0;
  const sidings = new Sidings({ broker, partition, book, onDoubt: () => void doubts++ });
  const tend = () => sidings.tend(new Set(), { window: 64, run: async () => {} });
  const knows = () => sidings.knows({ subject: `${namespace}.evt.medium.test-Said.1.k` });
  await sidings.find();
  await tend();
  expect(knows()).toBe(true);
  book.isInDoubt = true;
  await until(async () => {
    await tend();
    return doubts > 0;
  });
  expect(knows()).toBe(false);
  book.isInDoubt = false;
  await sidings.find();
  expect(knows()).toBe(false);
  expect(await durablesUnder(broker, partition)).toEqual([]);
});
