// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Slot, slotId, slotOf } from "./slot.ts";

const slot: fc.Arbitrary<Slot> = fc.record({
  providerId: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/),
  serviceType: fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,39}$/),
  start: fc.integer({ min: 0, max: 253_402_300_799 }).map((seconds) => seconds * 1000),
  durationMinutes: fc.integer({ min: 5, max: 480 }),
  version: fc.integer({ min: 0, max: 4_294_967_295 }),
});

test("an id says the whole slot", () => {
  fc.assert(
    fc.property(slot, (slot) => {
      expect(slotOf(slotId(slot))).toEqual(slot);
      expect(slotId(slot).length).toBeLessThanOrEqual(200);
    }),
  );
});

test("an id can be read by people", () => {
  const start = Date.parse("2026-11-22T14:00:00Z");
  expect(slotId({ providerId: "prov_dr_smith", serviceType: "doctor", start, durationMinutes: 30, version: 7 })).toBe(
    "slot.prov_dr_smith.doctor.20261122T140000Z.30.7",
  );
});

test.each([
  "",
  "slot",
  "slot.p.doctor.20261122T140000Z.0.7",
  "slot.p.doctor.20261322T140000Z.30.7",
  "slot.p.doctor.20261122T140000Z.30.7 ",
  "slot.p.q.doctor.20261122T140000Z.30.7",
  "slot.p.*.20261122T140000Z.30.7",
  "slot.p.doctor.20261122T140000Z.30.99999999999",
])("%j is no id of a slot", (id) => {
  expect(slotOf(id)).toBeUndefined();
});

test("no text at all makes reading an id fail", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `slot.${text}`),
      ),
      (text) => void slotOf(text),
    ),
  );
});
