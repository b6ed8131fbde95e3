// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { MessageHeaderSchema } from "@parley/contracts/parley/mesh/v1/header_pb.js";
import { RecordKind, TraceRecordSchema } from "@parley/contracts/parley/mesh/v1/trace_pb.js";
import { expect, test } from "vitest";
import { causationLines } from "./causation-tree.ts";
import { styleFor } from "./style.ts";

const style = styleFor({ isTTY: false });
const begin = Date.parse("2026-03-01T10:00:00Z");

interface More extends Omit<MessageInitShape<typeof TraceRecordSchema>, "header" | "$typeName"> {
  readonly header: Omit<MessageInitShape<typeof MessageHeaderSchema>, "$typeName">;
}

function record(id: string, because: string, { header, ...rest }: More) {
  return create(TraceRecordSchema, {
    kind: RecordKind.EVENT,
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    ...rest,
    header: create(MessageHeaderSchema, { messageId: id, causationId: because, conversationId: "c-7", ...header }),
  });
}

const at = (ms: number) => timestampFromMs(begin + ms);

test("effects stand below their causes in the order of time, whatever order they were found in", () => {
  const lines = causationLines(
    [
      record("late", "first", { header: { name: "LATE", sourceAgentId: "t.b", timestamp: at(40) }, key: "k2" }),
      record("first", "", { header: { name: "FIRST", sourceAgentId: "t.a", timestamp: at(0) }, key: "k1" }),
      record("early", "first", { header: { name: "EARLY", sourceAgentId: "t.b", timestamp: at(7) } }),
      record("do", "early", {
        kind: RecordKind.COMMAND,
        header: { name: "t.v1.JobService/Do", sourceAgentId: "t.b", targetAgentId: "t.c", timestamp: at(9) },
      }),
      record("do", "early", {
        kind: RecordKind.DEAD_LETTER,
        header: { name: "t.v1.JobService/Do", timestamp: at(9) },
        storedAt: at(5_009),
        gaveUp: "t.c Do",
        error: { code: "REFUSED", message: "no" },
      }),
    ],
    style,
  );
  expect(lines).toEqual([
    "2026-03-01T10:00:00.000Z  5 stored, from first to last 5 s",
    "conversation c-7",
    "",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "   +0 ms  event    t.a  FIRST  k1",
    "   +7 ms  event      t.b  EARLY",
    "   +9 ms  command      t.b → t.c  Do",
    "+5009 ms  dead           t.c Do gave up  REFUSED: no",
    "  +40 ms  event      t.b  LATE  k2",
  ]);
});

test("what one call from outside set off stands together: a line for each call that stored something, its effects below", () => {
  const of = (name: string, ms: number, traceId = "t1") => ({
    ...{ traceId, header: { name, sourceAgentId: `t.${name.toLowerCase()}`, timestamp: at(ms) } },
  });
  const lines = causationLines(
    [
      ...[record("x", "outer", of("X", 3)), record("w", "inner", of("W", 1)), record("y", "outer", of("Y", 5))],
      ...[
        record("later", "", of("LATER", 9, "t2")),
        record("own", "own", of("OWN", 8, "t2")),
        record("lost", "", of("LOST", 9, "")),
      ],
    ],
    style,
  );
  expect(lines.slice(2)).toEqual([
    "",
    "trace t1",
    "+0 ms  call   → t.w  inner (not stored)",
    "+0 ms  event    t.w  W",
    "+2 ms  call   → t.x  outer (not stored)",
    "+2 ms  event    t.x  X",
    "+4 ms  event    t.y  Y",
    "",
    "trace t2",
    "+7 ms  call   → t.own  own (not stored)",
    "+7 ms  event    t.own  OWN",
    "+8 ms  event  t.later  LATER",
    "",
    "without a trace",
    "+8 ms  event  t.lost  LOST",
  ]);
});

test("nothing found is said", () => {
  expect(causationLines([], style)).toEqual(["nothing of it is stored in that time; --since 7d reads further back"]);
});
