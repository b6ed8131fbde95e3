// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { frozen } from "./frozen.ts";
import { encodePlain } from "./plain-text.ts";

test("nothing in a frozen state can be changed", () => {
  const state = frozen({ list: [{ n: 1 }], map: new Map([["a", { n: 1 }]]), set: new Set([1]) });
  const attempts = [
    () => (state.list = []),
    () => state.list.push({ n: 2 }),
    () => Object.assign(state.list[0] ?? {}, { n: 2 }),
    () => state.map.set("b", { n: 2 }),
    () => state.map.clear(),
    () => Object.assign(state.map.get("a") ?? {}, { n: 2 }),
    () => state.set.add(2),
    () => state.set.delete(1),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(TypeError);
});

test("a frozen state is stored and copied as any other", () => {
  const state = frozen({ map: new Map([["a", 1n]]), bytes: new Uint8Array([1]), at: new Date(0) });
  expect(encodePlain(state)).toBe(
    encodePlain({ map: new Map([["a", 1n]]), bytes: new Uint8Array([1]), at: new Date(0) }),
  );
  const copy = new Map(state.map).set("b", 2n);
  expect([...copy.keys()]).toEqual(["a", "b"]);
});

test("a state that holds itself does not hang the process", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(Object.isFrozen(frozen(circle))).toBe(true);
});
