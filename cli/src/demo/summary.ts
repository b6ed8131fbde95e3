// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Style } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";
import type { Turn } from "./conversation.ts";
import type { Outcome } from "./outcome.ts";

/** The mesh that stays up after a demo. */
export interface RunningMesh {
  /** Public address. */
  readonly url: string;
  /** Its state folder, where commands do not look by themselves. */
  readonly state: string | undefined;
}

/** What a summary is written from. */
export interface Summarised {
  readonly turns: readonly Turn[];
  readonly outcome: Outcome;
  /** Unset when the mesh ends now. */
  readonly next: RunningMesh | undefined;
}

/** What came of the conversation, what it took, where to look it up, and what to type next. */
export function summaryLines(summarised: Summarised, style: Style): readonly string[] {
  return [news(summarised, style), counts(summarised, style), nextLines(summarised, style)].flatMap((lines) =>
    lines.length === 0 ? [] : ["", ...lines],
  );
}

function news({ outcome }: Summarised, { bold, green }: Style): readonly string[] {
  const { userId = "user", toldUser, toldProvider } = outcome;
  const rows: string[][] = [];
  if (toldUser !== undefined) rows.push([bold(`${userId} is told`), green(firstLine(toldUser.text))]);
  const provider = toldProvider?.appointment?.providerId ?? "provider";
  if (toldProvider !== undefined) rows.push([bold(`${provider} is told`), green(firstLine(toldProvider.text))]);
  return tableLines(rows);
}

/** The transcript has the rest. */
function firstLine(text: string): string {
  return text.split("\n", 1).join("");
}

function counts({ turns, outcome }: Summarised, { dim }: Style): readonly string[] {
  const observed = turns.flatMap(({ before, after }) => [...before, ...after]);
  const of = (kind: string) => observed.filter((each) => each.kind === kind).length;
  const remote = observed.filter((each) => each.kind === "called" && each.remote).length;
  const rows = [
    [
      "in all",
      `${of("called")} calls (${remote} between processes), ${of("published")} events, heard ${of("heard")} times`,
    ],
    ["conversation", outcome.conversationId ?? ""],
    ...turns.map(({ before, sentence }) => ["trace", `${before[0]?.traceId ?? ""}  ${dim(sentence ?? "")}`]),
  ];
  return tableLines(rows.filter(([, value]) => value?.trim()).map(([name = "", value = ""]) => [dim(name), value]));
}

function nextLines({ turns, outcome, next }: Summarised, { bold, dim }: Style): readonly string[] {
  if (next === undefined)
    return [`${bold("Type next")}  npx parley up --demo  ${dim("a conversation, and it stays up")}`];
  const { url, state } = next;
  const { conversationId } = outcome;
  const rows = [
    ...(conversationId === undefined
      ? []
      : [[`npx parley trace ${conversationId}`, "shows what the conversation brought about"]]),
    ["npx parley tail", "shows events as they are published"],
    ["npx parley contracts", "lists what can be called and heard, and under which terms"],
  ];
  return [
    bold("Type next"),
    ...(state === undefined
      ? []
      : [`  export PARLEY_STATE='${state}'  ${dim("lets the commands below find this mesh")}`]),
    ...calls({ turns, outcome }, url),
    ...tableLines(rows.map(([command = "", what = ""]) => [`  ${command}`, dim(what)])),
  ];
}

/** The first call of the demo, to be made by hand. */
function calls({ turns, outcome }: Pick<Summarised, "turns" | "outcome">, url: string): readonly string[] {
  const method = turns[0]?.before[0]?.header.name;
  const sentence = turns[0]?.sentence;
  const { userId } = outcome;
  if (method === undefined || sentence === undefined || userId === undefined) return [];
  // An apostrophe cannot stand inside a shell's single quotes.
  const request = JSON.stringify({ userId, text: sentence.replaceAll("'", "’") });
  return [
    `  curl ${url}/${method} -H 'content-type: application/json' -d '${request}'`,
    `  npx parley call ${method.split(".").at(-1)} '${request}'`,
  ];
}
