// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { all } from "./all.ts";

test("what all of several works give comes in their order", async () => {
  expect(await all([Promise.resolve(1), Promise.resolve("two")])).toEqual([1, "two"]);
});

test("when one of several works fails the others are waited for, and the first failure is told", async () => {
  const slow = Promise.withResolvers<string>();
  const seen: string[] = [];
  const both = all([Promise.reject(new Error("first")), slow.promise]).catch((error) => seen.push(String(error)));
  await new Promise(setImmediate);
  expect(seen).toEqual([]);
  slow.resolve("two");
  await both;
  expect(seen).toEqual(["Error: first"]);
});
