// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observation } from "@parley/mesh";
import { expect, test, vi } from "vitest";
import { Conversation } from "./conversation.ts";

/** Something observed at `at` in a flow, so many hops from its beginning. */
function observed(
  kind: "called" | "published" | "heard",
  flow: string,
  [hops, at = 0]: readonly number[],
): Observation {
  const header = {
    messageId: `${flow}-${hops}`,
    correlationId: flow,
    sourceAgentId: "a",
    messageType: "t",
    name: `${kind} ${flow} ${hops}`,
    timestamp: at,
    attempt: 1,
    hops: hops ?? 0,
  };
  const common = { header, traceId: "", at, tookMs: 1, error: undefined };
  if (kind === "heard") return { ...common, kind, agent: "a", hearer: "h" };
  return kind === "called" ? { ...common, kind, remote: false } : { ...common, kind };
}

function names(observations: readonly Observation[] | undefined): readonly string[] {
  return (observations ?? []).map(({ header }) => header.name);
}

test("turns stay apart and causes before effects, although all happens within one millisecond", () => {
  vi.spyOn(Date, "now").mockReturnValue(0);
  const conversation = new Conversation();
  conversation.says("user", "one");
  conversation.observe(observed("heard", "f1", [1]));
  conversation.observe(observed("published", "f1", [1]));
  conversation.observe(observed("called", "f1", [0]));
  conversation.says("agent", "answer one");
  conversation.says("user", "two");
  conversation.observe(observed("called", "f2", [0]));
  conversation.says("agent", "answer two");
  conversation.observe(observed("called", "f3", [0]));
  const [first, second, ...others] = conversation.turns();
  expect(others).toEqual([]);
  expect(first).toMatchObject({ sentence: "one", answer: "answer one" });
  expect(names(first?.before)).toEqual(["called f1 0", "published f1 1", "heard f1 1"]);
  expect(second).toMatchObject({ sentence: "two", answer: "answer two" });
  expect(names(second?.before)).toEqual(["called f2 0"]);
  expect(names(second?.after)).toEqual(["called f3 0"]);
});

test("what comes in late, as from other processes, goes where its flow belongs", () => {
  const now = vi.spyOn(Date, "now").mockReturnValue(0);
  const conversation = new Conversation();
  conversation.says("user", "one");
  conversation.observe(observed("called", "f1", [0, 1]));
  now.mockReturnValue(10);
  conversation.says("agent", "answer");
  conversation.says("user", "two");
  conversation.observe(observed("called", "f1", [1, 2]));
  conversation.observe(observed("heard", "f1", [2, 15]));
  const [first, second] = conversation.turns();
  expect(names(first?.before)).toEqual(["called f1 0", "called f1 1"]);
  expect(names(first?.after)).toEqual(["heard f1 2"]);
  expect(names(second?.before)).toEqual([]);
});

test("what belongs to no sentence is left out", () => {
  const conversation = new Conversation();
  conversation.observe(observed("called", "seed", [0]));
  conversation.says("user", "one");
  expect(conversation.turns()).toMatchObject([{ sentence: "one", before: [], after: [] }]);
});
