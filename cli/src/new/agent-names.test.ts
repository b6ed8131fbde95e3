// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { agentNames } from "./agent-names.ts";

test("one word is every name in its own spelling", () => {
  expect(agentNames("greeter")).toEqual({
    folder: "greeter",
    agent: "greeter",
    path: "greeter",
    file: "greeter",
    type: "Greeter",
    event: "GREETER",
  });
});

test("dashes join words and dots part modules, as each place spells them", () => {
  expect(agentNames("sales.order-desk")).toEqual({
    folder: "sales.order-desk",
    agent: "sales.order_desk",
    path: "sales/order_desk",
    file: "order_desk",
    type: "OrderDesk",
    event: "ORDER_DESK",
  });
});

test.each([
  "",
  "Greeter",
  "9lives",
  "order--desk",
  "order-9",
  "-order",
  "order-",
  "a..b",
  ".a",
  "a.",
  "a b",
  "../a",
  "a/b",
  "ä",
  "a".repeat(101),
])('"%s" cannot be the name of an agent, and it is said how one looks', (name) => {
  expect(() => agentNames(name)).toThrow(
    expect.objectContaining({
      name: "UsageError",
      message: `"${name}" cannot be the name of an agent`,
      hints: [expect.stringContaining("sales.order-desk")],
    }),
  );
});

test.each(["parley", "parley.desk", "google", "buf.validate", "grpc.health", "node_modules"])(
  '"%s" is somebody else\'s',
  (name) => {
    expect(() => agentNames(name)).toThrow(expect.objectContaining({ message: `"${name}" is taken` }));
  },
);
