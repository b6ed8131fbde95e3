// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { KeyCache } from "./key-cache.ts";
import { Handled, type KeyState } from "./key-state.ts";

const key = (state: number): KeyState<unknown> => ({
  state,
  version: state,
  lastSequence: state,
  snapshotVersion: 0,
  handled: new Handled(),
});

test("the key that was used longest ago makes room", () => {
  const cache = new KeyCache(2);
  cache.set("a", key(1));
  cache.set("b", key(2));
  cache.get("a");
  cache.set("c", key(3));
  expect(cache.get("a")?.state).toBe(1);
  expect(cache.get("b")).toBeUndefined();
  expect(cache.get("c")?.state).toBe(3);
});
