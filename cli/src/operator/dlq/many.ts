// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { userName } from "../../commands/author-option.ts";
import type { LetterFilterChoice } from "../../commands/letter-filter-options.ts";
import type { OutputFormat } from "../../commands/output-option.ts";
import type { MeshChoice } from "../../state/find-mesh.ts";
import { interruption } from "../../terminal/interruption.ts";
import { followBulk } from "../bulk.ts";
import { filterOf, letterClient } from "./letter-client.ts";

interface ManyChoice extends MeshChoice, LetterFilterChoice {
  readonly all: boolean;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
}

/** How letters are redriven. */
export interface RedriveChoice extends ManyChoice {
  readonly rate: number;
  readonly force: boolean;
}

/** Has letters handled again: those that are named, of those that the filter covers. */
export async function redriveLetters(ids: readonly string[], choice: RedriveChoice): Promise<void> {
  const { all, dryRun, force, rate: perSecond, output } = choice;
  const signal = interruption();
  const request = { filter: filterOf(choice, ids), all, dryRun, force, perSecond, author: userName() };
  const stream = letterClient(choice).redriveDeadLetters(request, { signal });
  await followBulk(progressOf(stream), { done: "redriven", dryRun, output, signal });
}

/** Removes letters for good: those that are named, of those that the filter covers. */
export async function discardLetters(
  ids: readonly string[],
  choice: ManyChoice & { readonly reason: string },
): Promise<void> {
  const { all, dryRun, reason, output } = choice;
  const signal = interruption();
  const request = { filter: filterOf(choice, ids), all, dryRun, reason, author: userName() };
  const stream = letterClient(choice).discardDeadLetters(request, { signal });
  await followBulk(progressOf(stream), { done: "discarded", dryRun, output, signal });
}

async function* progressOf<Progress>(
  stream: AsyncIterable<{ readonly progress?: Progress }>,
): AsyncGenerator<Progress | undefined> {
  for await (const { progress } of stream) yield progress;
}
