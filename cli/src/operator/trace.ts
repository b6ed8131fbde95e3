// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type TraceRecord, TraceRecordSchema, TraceService } from "@parley/contracts/parley/mesh/v1/trace_pb.js";
import { causationLines } from "../terminal/causation-tree.ts";
import { interruptedCode, interruption } from "../terminal/interruption.ts";
import { Progress } from "../terminal/progress.ts";
import { show } from "../terminal/show.ts";
import { meshClient } from "./mesh-client.ts";
import type { OperatorChoice } from "./operator-choice.ts";

interface Choice extends OperatorChoice {
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Prints the tree of what a flow has stored; the process will exit with 1 when there is nothing. */
export async function trace(id: string, { since, output, ...choice }: Choice): Promise<void> {
  const signal = interruption();
  const records: TraceRecord[] = [];
  try {
    using progress = new Progress();
    const found = meshClient(TraceService, choice).trace({ id, since: timestampFromMs(since) }, { signal });
    for await (const { record, read } of found) {
      if (record !== undefined) records.push(record);
      progress.report(`${read} messages read, ${records.length} found`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = interruptedCode;
  }
  show(output, {
    json: () => records.map((record) => toJson(TraceRecordSchema, record)),
    table: (style) => causationLines(records, style),
  });
  if (records.length === 0) process.exitCode ??= 1;
}
