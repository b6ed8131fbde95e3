// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { derivedId, newId, payloadDigest } from "./ids.ts";

test("new ids are UUIDs of version 7 that sort by time and never repeat", () => {
  const ids = Array.from({ length: 1_000 }, newId);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test("a derived id is the same for the same parts, and pinned: handlers of other versions must derive it too", () => {
  expect(derivedId("test.ear", "listen", "m-1", "Type", "key", 1)).toBe("hUhs_4yQ7T4YLnXsnNR1mg");
});

test("no derived id begins like an option of a command line", () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => derivedId("letter", index));
  expect(ids.filter((id) => id.startsWith("-"))).toEqual([]);
});

test("no two lists of parts have one derived id, wherever the borders between the parts are", () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom("a", ";", ":", "1") }), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (left, right) => {
      fc.pre(JSON.stringify(left) !== JSON.stringify(right));
      expect(derivedId(...left)).not.toBe(derivedId(...right));
    }),
  );
});

test("a payload's digest tells payloads apart", () => {
  expect(payloadDigest(Uint8Array.of(1))).toBe(payloadDigest(Uint8Array.of(1)));
  expect(payloadDigest(Uint8Array.of(1))).not.toBe(payloadDigest(Uint8Array.of(1, 0)));
});
