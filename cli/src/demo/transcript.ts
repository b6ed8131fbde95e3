// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Observation } from "@parley/mesh";
import type { Style } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";
import type { Turn } from "./conversation.ts";

/** How a transcript is written. */
export interface TranscriptOptions {
  /** Lines to put before the answer of a turn, counted from 0. */
  readonly beforeAnswer: (turn: number) => readonly string[];
  readonly style: Style;
}

/** The conversation as a person reads it: sentences as they were said, and between them who asked or told whom. */
export function transcriptLines(turns: readonly Turn[], { beforeAnswer, style }: TranscriptOptions): readonly string[] {
  const { cyan, green } = style;
  const rows = turns.flatMap(({ startedAt, before, after }) =>
    [...before, ...after].map((observation) => row(observation, startedAt, style)),
  );
  // One table over all turns, so that columns keep their places.
  const lines = tableLines(rows, { right: [0, 4] }).values();
  const next = (observations: readonly Observation[]) => observations.map(() => `  ${lines.next().value ?? ""}`);
  return turns.flatMap(({ sentence, speaker, before, answer, answerer, after }, index) => {
    const [root] = before;
    const said = spoken(speaker ?? root?.header.sourceAgentId ?? "user", sentence, cyan, style);
    const steps = next(before);
    const answered = spoken(answerer ?? root?.header.targetAgentId ?? "agent", answer, green, style);
    return [said, steps, beforeAnswer(index), answered, next(after)].flatMap((block) => paragraph(block));
  });
}

function spoken(
  who: string,
  text: string | undefined,
  paint: (text: string) => string,
  { bold }: Style,
): readonly string[] {
  if (text === undefined) return [];
  return [bold(`${who} says`), ...text.split("\n").map((line) => `  ${paint(line)}`)];
}

function paragraph(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", ...lines];
}

/** Since when, what kind, who to whom, what, how long. Effects are indented below their causes. */
function row(observation: Observation, startedAt: number, { dim, red, yellow, bold }: Style): readonly string[] {
  const { header, at, tookMs, error } = observation;
  const since = dim(`+${Math.round(at - startedAt)} ms`);
  const name = header.name.split("/").at(-1) ?? header.name;
  const indent = "  ".repeat(header.hops);
  const rest = [bold(name), dim(`${tookMs.toFixed(1)} ms`), ...(error === undefined ? [] : [red(error)])];
  switch (observation.kind) {
    case "called":
      return [since, "call", `${indent}${header.sourceAgentId} → ${header.targetAgentId ?? "?"}`, ...rest];
    case "published":
      return [since, yellow("event"), `${indent}${header.sourceAgentId} tells all`, ...rest];
    case "dispatched":
      return [since, yellow("command"), `${indent}${header.sourceAgentId} → ${header.targetAgentId ?? "?"}`, ...rest];
    case "ran":
      return [since, yellow("run"), `${indent}${observation.agent} runs`, ...rest];
    case "heard":
      return [since, yellow("heard"), `${indent}${observation.agent} hears`, ...rest];
  }
}
