// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageIds } from "./publisher.ts";

test("a handler that sends the same in the same order gives the same ids again", () => {
  const send = fc.record({ type: fc.constantFrom("t.A", "t.B"), key: fc.string({ maxLength: 2 }) });
  fc.assert(
    fc.property(fc.array(send), (sends) => {
      const ids = () => {
        const given = new MessageIds("agent", "hearer", "m-1");
        return sends.map(({ type, key }) => given.next(type, key));
      };
      const first = ids();
      expect(ids()).toEqual(first);
      expect(new Set(first).size).toBe(sends.length);
    }),
  );
});

test("an id does not depend on what is sent of other types and keys", () => {
  const alone = new MessageIds("agent", "hearer", "m-1").next("t.A", "k");
  const among = new MessageIds("agent", "hearer", "m-1");
  among.next("t.B", "k");
  among.next("t.A", "l");
  expect(among.next("t.A", "k")).toBe(alone);
});

test("another agent, hearer or message gives other ids, also where the names run together", () => {
  const given = [
    ["a", "h", "m"],
    ["b", "h", "m"],
    ["a", "i", "m"],
    ["a", "h", "n"],
    ["ah", "", "m"],
    ["a", "hm", ""],
  ].map((parts) => new MessageIds(...parts).next("t.A", "k"));
  expect(new Set(given).size).toBe(given.length);
  // "t.A" with key "B k" and "t.A B" with key "k" are two slots.
  const ids = new MessageIds("a");
  expect(ids.next("t.A", "B k")).not.toBe(ids.next("t.A B", "k"));
});
