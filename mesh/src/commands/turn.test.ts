// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { CommandSchema, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { expect, test } from "vitest";
import { turnOf } from "./turn.ts";

const { ACCEPTED, SCHEDULED, RUNNING, RETRYING, DONE, FAILED, EXPIRED, CANCELLED } = CommandState;
const same = { sequence: 7n, requestDigest: "d", isRedriven: false };
const another = { ...same, sequence: 8n };
const redriven = { ...another, isRedriven: true };

test.each([
  [ACCEPTED, "run", "run", "run"],
  [SCHEDULED, "run", "run", "run"],
  [RUNNING, "run", "pass", "pass"],
  [RETRYING, "run", "run", "run"],
  [DONE, "pass", "pass", "pass"],
  [FAILED, "pass", "pass", "run"],
  [EXPIRED, "pass", "pass", "run"],
  [CANCELLED, "pass", "pass", "pass"],
])("in state %i the same message, another one of its id and a redriven one have their turns", (state, ...turns) => {
  const known = create(CommandSchema, { state, sequence: 7n, requestDigest: "d" });
  expect([same, another, redriven].map((arrival) => turnOf(known, arrival))).toEqual(turns);
});

test("one that was to stop is taken back by whoever gets it next", () => {
  const known = create(CommandSchema, { state: RUNNING, sequence: 7n, cancelRequested: true });
  expect(turnOf(known, same)).toBe("cancel");
  expect(turnOf(known, another)).toBe("pass");
});

test.each([RUNNING, RETRYING, DONE])(
  "in state %i another request under the same idempotency key is refused for good",
  (state) => {
    const known = create(CommandSchema, { state, sequence: 7n, requestDigest: "d" });
    const other = { ...another, requestDigest: "e" };
    expect(() => turnOf(known, other)).toThrow(
      expect.objectContaining({ code: "MESSAGE_ID_REUSED", errorClass: "INVALID" }),
    );
  },
);
