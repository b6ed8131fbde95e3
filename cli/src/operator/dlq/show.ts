// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { DeadLetterSchema, type GetDeadLetterResponse } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { moment } from "../../terminal/moment.ts";
import { show } from "../../terminal/show.ts";
import type { Style } from "../../terminal/style.ts";
import { tableLines } from "../../terminal/table.ts";
import { letterClient } from "./letter-client.ts";

/** Prints one dead letter. */
export async function showLetter(
  id: string,
  { output, ...choice }: MeshChoice & { readonly output: OutputFormat },
): Promise<void> {
  const shown = await letterClient(choice).getDeadLetter({ id });
  show(output, { json: () => asJson(shown), table: (style) => asText(shown, style) });
}

function asJson({ deadLetter, json, problem, key }: GetDeadLetterResponse): unknown {
  return {
    letter: deadLetter === undefined ? {} : toJson(DeadLetterSchema, deadLetter),
    key,
    ...(json === "" ? {} : { message: JSON.parse(json) }),
    ...(problem === "" ? {} : { problem }),
  };
}

function asText({ deadLetter, json, problem, key }: GetDeadLetterResponse, style: Style): readonly string[] {
  if (deadLetter === undefined) return [];
  const { id, agent, hearer, type, header, error, attempts, diedAt, headers, stream, sequence } = deadLetter;
  const { bold, red, dim } = style;
  const facts = [
    ["letter", id],
    ["given up", `${moment(diedAt)} by hearer ${hearer} of agent ${agent}`],
    ["message", `${type}${header === undefined ? "" : ` ${header.messageId}`}, key ${key}`],
    ["published", header === undefined ? "" : `${moment(header.timestamp)} by ${header.sourceAgentId}`],
    ["because of", header?.causationId ?? ""],
    ["conversation", header?.conversationId ?? ""],
    ["trace", headers["traceparent"] ?? ""],
    ["stood in", `${stream} as ${sequence}`],
    ["contracts", deadLetter.contractDigest.slice(0, 12)],
  ].filter(([, value]) => value !== "");
  const tries = attempts.map(({ attempt, failedAt, error: why }) => [
    ...[`try ${attempt}`, moment(failedAt), why?.code ?? "", why?.message ?? ""],
  ]);
  return [
    `${red(bold(error?.code ?? ""))} ${dim(ErrorClass[error?.errorClass ?? 0] ?? "")} ${error?.message ?? ""}`,
    "",
    ...tableLines(facts.map(([name = "", value = ""]) => [dim(name), value])),
    ...(tries.length === 0 ? [] : ["", ...tableLines(tries)]),
    "",
    ...(json === "" ? [red(problem)] : [JSON.stringify(JSON.parse(json), undefined, 2)]),
  ];
}
