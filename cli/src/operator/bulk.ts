// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { BulkProblem, BulkProgress } from "@parley/contracts/parley/mesh/v1/bulk_pb.js";
import type { OutputFormat } from "../commands/output-option.ts";
import { interruptedCode } from "../terminal/interruption.ts";
import { Progress } from "../terminal/progress.ts";
import { show } from "../terminal/show.ts";

/** Long work on many things, and how it is told. */
export interface BulkChoice {
  /** What was done with each, e.g. `redriven`; in a dry run it would be. */
  readonly done: string;
  readonly dryRun: boolean;
  readonly output: OutputFormat;
  readonly signal: AbortSignal;
}

/**
 * Follows long work to its end: progress and problems on standard error, what it came to on standard output. Exit code 1 when
 * something failed, 130 when it was interrupted; what was done until then stays done.
 */
export async function followBulk(stream: AsyncIterable<BulkProgress | undefined>, choice: BulkChoice): Promise<void> {
  const { done, dryRun, output, signal } = choice;
  const problems: BulkProblem[] = [];
  let last: BulkProgress | undefined;
  {
    using progress = new Progress();
    try {
      for await (const one of stream) {
        if (one === undefined) continue;
        last = one;
        problems.push(...one.problems.slice(0, maxKept - problems.length));
        progress.report(`${done} ${one.done}, failed ${one.failed}, looked at ${one.seen}`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
  for (const { id, error } of problems) process.stderr.write(`parley: ${id} ${error?.code}: ${error?.message}\n`);
  const [count, failed] = [Number(last?.done ?? 0), Number(last?.failed ?? 0)];
  const isWhole = last?.finished === true;
  show(output, {
    json: () => ({
      ...{ [done]: count, failed, seen: Number(last?.seen ?? 0), dryRun, finished: isWhole },
      problems: problems.map(({ id, error }) => ({ id, code: error?.code, message: error?.message })),
    }),
    table: ({ bold }) => [
      `${bold(String(count))} ${dryRun ? "would be " : ""}${done}${failed === 0 ? "" : `, ${bold(String(failed))} failed`}${isWhole ? "" : " until it was interrupted"}`,
    ],
  });
  if (!isWhole) process.exitCode = interruptedCode;
  else if (failed > 0) process.exitCode = 1;
}

/** Problems that are told in the end; their number is told all the same. */
const maxKept = 1_000;
