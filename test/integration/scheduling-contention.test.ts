// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, inject, test } from "vitest";
import { contend } from "../contention/contend.ts";
import { placeScheduling } from "../programs/scheduling-placement.ts";

// A sample; `npm run test:contention` does it with a thousand, and undisturbed as well.
test("a hundred clients want one slot over the wire, and the process that keeps calendars is killed in the middle: one wins, everybody else has an answer with alternatives, and keeps it [R34]", {
  timeout: 90_000,
}, async () => {
  await using placed = await placeScheduling("many", inject("natsUrl"));
  const contended = await contend(placed, { clients: 100, kill: "provider" });
  const { winners, refused, withoutAlternatives, changed, announced } = contended;
  expect(winners).toHaveLength(1);
  expect([...refused]).toEqual([["SLOT_TAKEN", 99]]);
  expect({ withoutAlternatives, changed, announced }).toEqual({ withoutAlternatives: 0, changed: 0, announced: 1 });
});
