// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { CommanderError } from "commander";
import { program } from "./program.ts";

/**
 * Carries out a command line. Never throws and never ends the process: what goes wrong is told on standard error, and the exit
 * code stands in `process.exitCode`, which is unset when all went well.
 *
 * @param args what was typed behind `parley`
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    // Help, version and what was typed wrong have been told already.
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) process.exitCode = error.exitCode;
      return;
    }
    const { showFailure } = await import("./terminal/failure.ts");
    showFailure(error);
    process.exitCode = 1;
  }
}
