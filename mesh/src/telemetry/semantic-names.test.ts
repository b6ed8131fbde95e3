// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, test } from "vitest";
import { attribute, messagingSystem, metric, ownAttribute, ownMetric, rpcSystem } from "./semantic-names.ts";

const known = (prefix: string) =>
  Object.entries(conventions).flatMap(([name, value]) => (name.startsWith(prefix) ? [String(value)] : []));

test("every attribute that is not our own is in the conventions", () => {
  expect(known("ATTR_")).toEqual(expect.arrayContaining(Object.values(attribute)));
});

test("every metric that is not our own is in the conventions", () => {
  expect(known("METRIC_")).toEqual(expect.arrayContaining(Object.values(metric)));
});

test("the RPC system is in the conventions; NATS is not yet", () => {
  expect(known("RPC_SYSTEM_NAME_VALUE_")).toContain(rpcSystem);
  expect(known("MESSAGING_SYSTEM_NAME_VALUE_"), "now it is: see whether the value is ours").not.toContain(
    messagingSystem,
  );
});

test("our own names keep to their own space", () => {
  for (const name of [...Object.values(ownAttribute), ...Object.values(ownMetric)]) expect(name).toMatch(/^parley\./);
});
