// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { type DeadLetterSummary, DeadLetterSummarySchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { LetterFilterChoice } from "../../commands/letter-filter-options.ts";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { listLines } from "../../terminal/list.ts";
import { moment } from "../../terminal/moment.ts";
import { show } from "../../terminal/show.ts";
import type { Style } from "../../terminal/style.ts";
import { readPages, tellMore } from "../pages.ts";
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
  const listed = await readPages<DeadLetterSummary>(async (pageToken, pageSize) => {
    const page = await client.listDeadLetters({ filter, pageToken, pageSize: Math.min(pageSize, maxPage) });
    return { items: page.deadLetters, nextPageToken: page.nextPageToken };
  }, choice.limit);
  show(choice.output, {
    json: () => listed.items.map((item) => toJson(DeadLetterSummarySchema, item)),
    table: (style) => table(listed.items, style),
  });
  tellMore(listed, choice.limit);
}

function table(items: readonly DeadLetterSummary[], style: Style): readonly string[] {
  const head = ["ID", "DIED", "AGENT", "HEARER", "KEY", "TRIES", "CODE", "WHY"];
  const rows = items.map(({ id, diedAt, agent, hearer, key, attempts, error }) => [
    ...[id, moment(diedAt), agent, lastPart(hearer), oneLine(key, 24), String(attempts)],
    ...[style.red(error?.code ?? ""), oneLine(error?.message ?? "", 60)],
  ]);
  return listLines({ head, rows, right: [5], none: "no dead letters" }, style);
}

/** Of a method its service and name: the package is the agent's. */
function lastPart(hearer: string): string {
  return hearer.includes("/") ? hearer.slice(hearer.lastIndexOf(".") + 1) : hearer;
}

function oneLine(text: string, width: number): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
