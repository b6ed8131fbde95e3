// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { headerFor, type MessageHeader, maxHops } from "./header.ts";

const outgoing = { sourceAgentId: "a", messageType: "t.T", name: "T", timestamp: 5 };

test("what is sent because of nothing begins a flow", () => {
  const header = headerFor({ ...outgoing, messageId: "m-1", conversationId: "c" });
  expect(header).toEqual({
    ...outgoing,
    messageId: "m-1",
    correlationId: "m-1",
    causationId: undefined,
    conversationId: "c",
    workflowId: undefined,
    attempt: 1,
    hops: 0,
  });
  expect(headerFor(outgoing).messageId).not.toBe(headerFor(outgoing).messageId);
});

const cause: MessageHeader = {
  ...headerFor({ ...outgoing, messageId: "m-1", conversationId: "c" }),
  workflowId: "w",
  priority: "HIGH",
  expires: 9,
  attempt: 3,
  hops: 4,
};

test("what is sent because of a message inherits flow, conversation and workflow, and nothing of its own", () => {
  expect(headerFor({ ...outgoing, messageId: "m-2" }, cause)).toEqual({
    ...outgoing,
    messageId: "m-2",
    correlationId: "m-1",
    causationId: "m-1",
    conversationId: "c",
    workflowId: "w",
    attempt: 1,
    hops: 5,
  });
  expect(headerFor({ ...outgoing, conversationId: "own" }, cause).conversationId).toBe("own");
});

test("a flow ends after as many hops as are allowed", () => {
  expect(headerFor(outgoing, { ...cause, hops: maxHops - 1 }).hops).toBe(32);
  expect(() => headerFor(outgoing, { ...cause, hops: maxHops })).toThrow(
    expect.objectContaining({ code: "LOOP", message: expect.stringContaining('"T" would be hop 33 of flow "m-1"') }),
  );
});
