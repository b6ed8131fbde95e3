// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { type DeadLetterSummary, DeadLetterSummarySchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { LetterFilterChoice } from "../../commands/letter-filter-options.ts";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { moment } from "../../terminal/moment.ts";
import { show } from "../../terminal/show.ts";
import type { Style } from "../../terminal/style.ts";
import { tableLines } from "../../terminal/table.ts";
import { readPages } from "../pages.ts";
import { filterOf, letterClient } from "./letter-client.ts";

/** Which letters are listed, and how. */
export interface ListChoice extends MeshChoice, LetterFilterChoice {
  readonly limit: number;
  readonly output: OutputFormat;
}

/** Largest page that the mesh gives. */
const maxPage = 1_000;

/** Prints dead letters, newest first. */
export async function listLetters(choice: ListChoice): Promise<void> {
  const client = letterClient(choice);
  const filter = filterOf(choice);
  const { items, hasMore } = await readPages<DeadLetterSummary>(async (pageToken, pageSize) => {
    const page = await client.listDeadLetters({ filter, pageToken, pageSize: Math.min(pageSize, maxPage) });
    return { items: page.deadLetters, nextPageToken: page.nextPageToken };
  }, choice.limit);
  show(choice.output, {
    json: () => items.map((item) => toJson(DeadLetterSummarySchema, item)),
    table: (style) => (items.length === 0 ? ["No dead letters."] : table(items, style)),
  });
  if (hasMore) process.stderr.write(`There are more: --limit ${choice.limit * 2} shows them.\n`);
}

function table(items: readonly DeadLetterSummary[], { bold, red }: Style): readonly string[] {
  const head = ["ID", "DIED", "AGENT", "HEARER", "KEY", "TRIES", "CODE", "WHY"].map(bold);
  const rows = items.map(({ id, diedAt, agent, hearer, key, attempts, error }) => [
    ...[id, moment(diedAt), agent, lastPart(hearer), oneLine(key, 24), String(attempts)],
    ...[red(error?.code ?? ""), oneLine(error?.message ?? "", 60)],
  ]);
  return tableLines([head, ...rows], { right: [5] });
}

/** Of a method its service and name: the package is the agent's. */
function lastPart(hearer: string): string {
  return hearer.includes("/") ? hearer.slice(hearer.lastIndexOf(".") + 1) : hearer;
}

function oneLine(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
