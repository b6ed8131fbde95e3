// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { RecordKind, type TraceRecord } from "@parley/contracts/parley/mesh/v1/trace_pb.js";
import { duration } from "./duration.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/** A stored message and what it brought about. */
interface Cause {
  readonly record: TraceRecord;
  readonly effects: Cause[];
}

/**
 * Stored messages of a flow as trees, one per trace, which is what one call from outside set off: each effect below its cause,
 * in the order of time. Calls are not stored: what each of them brought about stands below a line that says who answered it.
 * Which of these calls another one of them made is seen in a tracing backend only.
 */
export function causationLines(records: readonly TraceRecord[], style: Style): readonly string[] {
  const { bold, dim } = style;
  const sorted = [...records].sort((a, b) => sentAt(a) - sentAt(b));
  const [first] = sorted;
  if (first === undefined) return ["nothing of it is stored in that time; --since 7d reads further back"];
  const begin = sentAt(first);
  const rows: (readonly string[])[] = [];
  const headings = new Map<number, string>();
  const tell = ({ record, effects }: Cause, depth: number) => {
    rows.push(row(record, { begin, depth, style }));
    for (const effect of effects) tell(effect, depth + 1);
  };
  for (const [trace, ofTrace] of Map.groupBy(rootsOf(sorted), ({ record }) => record.traceId)) {
    headings.set(rows.length, trace === "" ? "without a trace" : `trace ${trace}`);
    for (const [because, roots] of Map.groupBy(ofTrace, ({ record }) => record.header?.causationId ?? "")) {
      if (because !== "") rows.push(callRow(because, roots, { begin, depth: 0, style }));
      for (const root of roots) tell(root, because === "" ? 0 : 1);
    }
  }
  const conversations = new Set(sorted.map(({ header }) => header?.conversationId ?? "").filter((id) => id !== ""));
  const lines = tableLines(rows, { right: [0] }).flatMap((line, index) => {
    const heading = headings.get(index);
    return heading === undefined ? [line] : ["", dim(heading), line];
  });
  return [
    `${bold(new Date(begin).toISOString())}  ${sorted.length} stored, from first to last ${duration(Math.max(...sorted.map(sentAt)) - begin)}`,
    ...[...conversations].map((id) => `conversation ${id}`),
    ...lines,
  ];
}

/** Messages whose cause is not stored, each with all that follows from it, in the order of `sorted`. */
function rootsOf(sorted: readonly TraceRecord[]): readonly Cause[] {
  const causes = new Map<string, Cause>();
  const letters = sorted.filter(({ kind }) => kind === RecordKind.DEAD_LETTER);
  for (const record of sorted) {
    if (record.kind !== RecordKind.DEAD_LETTER) causes.set(idOf(record), { record, effects: [] });
  }
  // A dead letter is the end of its message, not the message once more.
  for (const letter of letters) {
    const buried = causes.get(idOf(letter));
    if (buried === undefined) causes.set(idOf(letter), { record: letter, effects: [] });
    else buried.effects.push({ record: letter, effects: [] });
  }
  return [...causes.values()].filter((cause) => {
    const parent = causes.get(cause.record.header?.causationId ?? "");
    if (parent === undefined || parent === cause) return true;
    parent.effects.push(cause);
    return false;
  });
}

const kinds: Readonly<Record<RecordKind, string>> = {
  [RecordKind.UNSPECIFIED]: "?",
  [RecordKind.EVENT]: "event",
  [RecordKind.PRIVATE_EVENT]: "state",
  [RecordKind.COMMAND]: "command",
  [RecordKind.DEAD_LETTER]: "dead",
};

interface Place {
  /** When the flow began, in milliseconds since the epoch. */
  readonly begin: number;
  readonly depth: number;
  readonly style: Style;
}

/** Since when, kind, who to whom and what, key. */
function row(record: TraceRecord, { begin, depth, style }: Place): readonly string[] {
  const { bold, dim, red, yellow } = style;
  const { sourceAgentId = "?", targetAgentId = "", name = "?" } = record.header ?? {};
  const since = dim(`+${sentAt(record) - begin} ms`);
  const indent = "  ".repeat(depth);
  if (record.kind === RecordKind.DEAD_LETTER) {
    const why = record.error === undefined ? "" : `${record.error.code}: ${record.error.message}`;
    return [since, red(kinds[record.kind]), `${indent}${record.gaveUp} gave up  ${red(why)}`];
  }
  const who = targetAgentId === "" ? sourceAgentId : `${sourceAgentId} → ${targetAgentId}`;
  const what = bold(name.split("/").at(-1) ?? name);
  return [since, yellow(kinds[record.kind]), `${indent}${who}  ${what}  ${dim(record.key)}`];
}

/** A call that brought something about: when that was, who answered it. */
function callRow(id: string, roots: readonly Cause[], { begin, style }: Place): readonly string[] {
  const [first] = roots;
  const who = first?.record.header?.sourceAgentId ?? "?";
  const at = first === undefined ? 0 : sentAt(first.record) - begin;
  return [style.dim(`+${at} ms`), style.dim("call"), style.dim(`→ ${who}  ${id} (not stored)`)];
}

/** When it was sent; a dead letter, when it was given up. In milliseconds since the epoch. */
function sentAt({ kind, header, storedAt }: TraceRecord): number {
  const at = kind === RecordKind.DEAD_LETTER ? storedAt : (header?.timestamp ?? storedAt);
  return at === undefined ? 0 : timestampMs(at);
}

function idOf({ header }: TraceRecord): string {
  return header?.messageId ?? "";
}
