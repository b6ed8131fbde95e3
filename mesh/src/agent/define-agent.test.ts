// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { defineAgent } from "./define-agent.ts";
import { on } from "./on.ts";

test("an agent says what it is, and what it does not say is the least", () => {
  expect(defineAgent({ name: "outreach.sms" })).toMatchObject({
    name: "outreach.sms",
    description: "",
    role: "DETERMINISTIC",
    version: "0.0.0",
    permissions: [],
    serves: [],
    hears: [],
    publishes: [],
  });
  expect(Object.isFrozen(defineAgent({ name: "a" }))).toBe(true);
});

test.each(["", "Outreach", "outreach.", ".sms", "out-reach", "a..b", "a b", "1a", "a.*", "a>", "ä"])(
  "%j is no name of an agent",
  (name) => {
    expect(() => defineAgent({ name })).toThrow(expect.objectContaining({ code: "REFUSED" }));
  },
);

test("two hearers of an agent have two names", () => {
  const hear = (name: string) => on(EchoSaidSchema, { name }, () => {});
  expect(() => defineAgent({ name: "a", hears: [hear("x"), hear("x")] })).toThrow(
    expect.objectContaining({ code: "REFUSED", message: expect.stringContaining('two hearers named "x"') }),
  );
  expect(defineAgent({ name: "a", hears: [hear("x"), hear("y")] }).hears).toHaveLength(2);
});

test("a hearer begins from now unless it says otherwise", () => {
  expect(on(EchoSaidSchema, { name: "x" }, () => {}).from).toBe("now");
  expect(on(EchoSaidSchema, { name: "x", from: "retained" }, () => {}).from).toBe("retained");
});
