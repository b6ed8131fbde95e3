// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescMessage, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ListDeadLettersRequestSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { OperatorService, PublishEventRequestSchema } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { expect, test } from "vitest";
import { Contracts } from "./contracts.ts";
import { compileContracts } from "./testdata/compile.ts";
import { violationsOf } from "./validator.ts";

const { registry } = Contracts.decode(
  compileContracts({
    "t.proto": `syntax = "proto3"; package t; import "buf/validate/validate.proto";
      message Line { string sku = 1 [(buf.validate.field).string.min_len = 1]; int32 count = 2 [(buf.validate.field).int32.gt = 0]; }
      message Order {
        repeated Line lines = 1;
        map<string, int32> prices = 2 [(buf.validate.field).map.values.int32.gte = 0];
        string from = 3; string to = 4;
        option (buf.validate.message).cel = { id: "order.ends", message: "from must differ from to", expression: "this.from == '' || this.from != this.to" };
      }
      message Nonsense { string a = 1; option (buf.validate.message).cel = { id: "n", expression: "this.b > 1" }; }
      message Word { string a = 1 [(buf.validate.field).string.pattern = "^(a+)+$"]; }
      message Sparse { repeated int32 list = 1; option (buf.validate.message).cel = { id: "s", expression: "this.list[3] > 1" }; }`,
  }),
);

function messageOf(name: string): DescMessage {
  const desc = registry.getMessage(name);
  if (desc === undefined) throw new Error(`no message ${name}`);
  return desc;
}

function violations(type: string, json: JsonValue) {
  return violationsOf(messageOf(type), fromJson(messageOf(type), json));
}

test("finds nothing wrong with a message that keeps its rules", () => {
  expect(
    violationsOf(PublishEventRequestSchema, create(PublishEventRequestSchema, { event: "E", json: "{}" })),
  ).toEqual([]);
  expect(violations("t.Order", { lines: [{ sku: "s", count: 1 }], from: "a", to: "b" })).toEqual([]);
});

test("names field and rule of every violation", () => {
  expect(violationsOf(PublishEventRequestSchema, create(PublishEventRequestSchema))).toEqual([
    { field: "event", rule: "string.min_len", message: expect.stringContaining("at least 1") },
  ]);
  expect(
    violationsOf(ListDeadLettersRequestSchema, create(ListDeadLettersRequestSchema, { pageSize: 1001 })),
  ).toMatchObject([{ field: "page_size", rule: "uint32.lte" }]);
});

test("checks messages of a decoded registry by the same rules, in lists, maps and across fields", () => {
  const found = violations("t.Order", { lines: [{ sku: "s", count: 1 }, {}], prices: { x: -1 }, from: "a", to: "a" });
  expect(found.map(({ field, rule }) => [field, rule]).sort()).toEqual([
    ["", "order.ends"],
    ["lines[1].count", "int32.gt"],
    ["lines[1].sku", "string.min_len"],
    ['prices["x"]', "int32.gte"],
  ]);
  const decoded = Contracts.decode(Contracts.of({ services: [OperatorService] }).fileDescriptorSet);
  const request = decoded.registry.getMessage(PublishEventRequestSchema.typeName);
  expect(request && violationsOf(request, create(request))).toMatchObject([{ field: "event", rule: "string.min_len" }]);
});

test("blames the contract for a rule that cannot be compiled or evaluated", () => {
  const fault = expect.objectContaining({ code: "CONTRACT_INCOMPLETE", message: expect.stringContaining('"t.') });
  expect(() => violations("t.Nonsense", { a: "x" })).toThrow(fault);
  expect(() => violations("t.Sparse", { list: [1] })).toThrow(fault);
});

test("a pattern costs time linear in the text: a repetition within a repetition does not hold anybody up", () => {
  // JavaScript's own engine takes as long as a test may for some thirty letters of it.
  expect(violations("t.Word", { a: `${"a".repeat(5_000)}!` })).toMatchObject([{ rule: "string.pattern" }]);
  expect(violations("t.Word", { a: "a".repeat(5_000) })).toEqual([]);
});
