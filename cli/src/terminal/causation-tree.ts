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
 * Stored messages of a flow as a tree: each effect below its cause, in the order of time. What a call brought about has a
 * cause that is not stored: such effects stand together below a line that says so.
 */
export function causationLines(records: readonly TraceRecord[], style: Style): readonly string[] {
  const { bold, dim } = style;
  const sorted = [...records].sort((a, b) => sentAt(a) - sentAt(b));
  const [first] = sorted;
  if (first === undefined) return ["nothing of it is stored in that time; --since 7d reads further back"];
  const causes = new Map<string, Cause>();
  const letters: TraceRecord[] = [];
  for (const record of sorted) {
    if (record.kind === RecordKind.DEAD_LETTER) letters.push(record);
    else causes.set(idOf(record), { record, effects: [] });
  }
  // A dead letter is the end of its message, not the message once more.
  for (const letter of letters) {
    const buried = causes.get(idOf(letter));
    if (buried === undefined) causes.set(idOf(letter), { record: letter, effects: [] });
    else buried.effects.push({ record: letter, effects: [] });
  }
  const unstored = new Map<string, Cause[]>();
  for (const cause of causes.values()) {
    const because = cause.record.header?.causationId ?? "";
    const parent = causes.get(because);
    if (parent !== undefined && parent !== cause) parent.effects.push(cause);
    else unstored.set(because, [...(unstored.get(because) ?? []), cause]);
  }
  const rows: (readonly string[])[] = [];
  const begin = sentAt(first);
  const tell = ({ record, effects }: Cause, depth: number) => {
    rows.push(row(record, { begin, depth, style }));
    for (const effect of effects) tell(effect, depth + 1);
  };
  for (const [because, roots] of unstored) {
    if (because !== "")
      rows.push([
        dim(`+${roots[0] === undefined ? 0 : sentAt(roots[0].record) - begin} ms`),
        dim("call"),
        dim(`${because} (calls are not stored)`),
      ]);
    for (const root of roots) tell(root, because === "" ? 0 : 1);
  }
  const traces = new Set(sorted.map(({ traceId }) => traceId).filter((id) => id !== ""));
  const conversations = new Set(sorted.map(({ header }) => header?.conversationId ?? "").filter((id) => id !== ""));
  return [
    `${bold(new Date(begin).toISOString())}  ${sorted.length} stored, from first to last ${duration(Math.max(...sorted.map(sentAt)) - begin)}`,
    ...[...conversations].map((id) => `conversation ${id}`),
    ...[...traces].map((id) => `trace ${id}`),
    "",
    ...tableLines(rows, { right: [0] }),
  ];
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

/** When it was sent; a dead letter, when it was given up. In milliseconds since the epoch. */
function sentAt({ kind, header, storedAt }: TraceRecord): number {
  const at = kind === RecordKind.DEAD_LETTER ? storedAt : (header?.timestamp ?? storedAt);
  return at === undefined ? 0 : timestampMs(at);
}

function idOf({ header }: TraceRecord): string {
  return header?.messageId ?? "";
}
