// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescMessage } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Contracts } from "./contracts.ts";
import { fieldPath } from "./field-path.ts";
import { compileContracts } from "./testdata/compile.ts";

const { registry } = Contracts.decode(
  compileContracts({
    "t.proto": `syntax = "proto3"; package t;
      enum Colour { COLOUR_UNSPECIFIED = 0; COLOUR_RED = 1; }
      message Inner { int64 big = 1; bool yes = 2; Colour colour = 3; double share = 4; bytes raw = 5; }
      message Outer {
        string order_id = 1; Inner inner = 2; repeated Inner list = 3; map<string, string> map = 4; optional uint32 maybe = 5;
        oneof who { string person_id = 6; Inner thing = 7; }
        Outer self = 8;
      }`,
  }),
);
const outer = messageOf("t.Outer");
const inner = messageOf("t.Inner");

function messageOf(name: string): DescMessage {
  const desc = registry.getMessage(name);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

test("reads a field by its proto name, also inside other messages", () => {
  const message = create(outer, {
    orderId: "o-1",
    inner: create(inner, { big: 9007199254740993n, yes: true, colour: 1 }),
    self: create(outer, { orderId: "o-2" }),
  });
  const read = (path: string) => fieldPath(outer, path).read(message);
  expect(read("order_id")).toBe("o-1");
  expect(read("inner.big")).toBe("9007199254740993");
  expect(read("inner.yes")).toBe("true");
  expect(read("inner.colour")).toBe("1");
  expect(read("self.order_id")).toBe("o-2");
});

test("reads what is not set as empty", () => {
  const message = create(outer);
  for (const path of ["order_id", "inner.big", "maybe", "person_id", "thing.yes", "self.self.order_id"]) {
    expect(fieldPath(outer, path).read(message), path).toBe("");
  }
});

test("reads the chosen field of a oneof only", () => {
  const person = create(outer, { who: { case: "personId", value: "p-1" } });
  const thing = create(outer, {
    who: { case: "thing", value: create(inner, { big: 5n }) },
  });
  expect(fieldPath(outer, "person_id").read(person)).toBe("p-1");
  expect(fieldPath(outer, "person_id").read(thing)).toBe("");
  expect(fieldPath(outer, "thing.big").read(thing)).toBe("5");
});

test("refuses a path that leads to no single scalar, and says why", () => {
  const why = (path: string) => {
    try {
      fieldPath(outer, path);
      return "accepted";
    } catch (error) {
      expect(error).toMatchObject({ code: "CONTRACT_INCOMPLETE" });
      return String(error).split("cannot be used: ")[1];
    }
  };
  expect(why("orderId")).toBe('"t.Outer" has no field "orderId"');
  expect(why("")).toBe('"t.Outer" has no field ""');
  expect(why("inner.nothing")).toBe('"t.Inner" has no field "nothing"');
  expect(why("order_id.more")).toBe('"order_id" has no field "more"');
  expect(why("list.big")).toBe('"list" has no field "big"');
  expect(why("map")).toBe('"map" is not a single string, boolean, enum or whole number');
  expect(why("inner")).toBe('"inner" is not a single string, boolean, enum or whole number');
  expect(why("inner.share")).toBe('"share" is not a single string, boolean, enum or whole number');
  expect(why("inner.raw")).toBe('"raw" is not a single string, boolean, enum or whole number');
});
