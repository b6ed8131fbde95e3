// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AccountDepositedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { decodePlain, encodePlain } from "./plain-text.ts";

const back = (value: unknown) => decodePlain(encodePlain(value));

describe("plain data comes back as it was", () => {
  const values: readonly unknown[] = [
    undefined,
    null,
    "",
    "\u0000\u2028🗝️",
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    2n ** 70n,
    -1n,
    true,
    new Uint8Array([0, 255]),
    new Uint8Array(),
    new Date(0),
    new Date(Number.NaN),
    [undefined, 1, [2n]],
    { a: { b: { c: new Date(1) } } },
    { $plain: "bigint", value: "1" },
    { $plain: { $plain: "object" } },
    { constructor: "x", toString: 1 },
    new Map<unknown, unknown>([
      ["a", 1n],
      [{ b: 2 }, new Set([3n])],
    ]),
    create(AccountDepositedSchema, { account: "a", amount: 5n }),
  ];

  test.each(values.map((value) => ({ value })))("$value", ({ value }) => {
    expect(back(value)).toStrictEqual(value);
  });

  test("whatever it holds", () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true });
    fc.assert(
      fc.property(anything, (value) => {
        expect(back(value)).toEqual(value);
      }),
    );
  });

  test("members that are undefined aside, which nobody can tell from missing ones", () => {
    expect(back({ a: undefined, b: 1 })).toStrictEqual({ b: 1 });
  });

  test("a name that JavaScript treats differently", () => {
    const value = JSON.parse('{"__proto__": {"polluted": true}}') as object;
    expect(Object.hasOwn(back(value) as object, "__proto__")).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("what would not come back is refused, with its place", () => {
  const circle: { list: unknown[] } = { list: [] };
  circle.list.push(circle);

  test.each([
    [{ a: [() => 1] }, "the value.a[0] is a function"],
    [{ a: Symbol("x") }, "the value.a is a symbol"],
    [new Map([["k", new URL("http://a")]]), "the value[0][1] is an instance of URL"],
    [[new Error("x")], "the value[0] is an instance of Error"],
    [new Float64Array(1), "the value is an instance of Float64Array"],
    [circle, "the value.list[0] is an object that holds itself"],
  ])("%o", (value, message) => {
    expect(() => encodePlain(value)).toThrow(
      expect.objectContaining({ code: "COMMIT_INVALID", message: expect.stringContaining(message) }),
    );
  });
});
