// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Command } from "commander";

/** `parley lint`. */
export function lintCommand(): Command {
  return new Command("lint")
    .summary("check contracts for missing policies and wrong names")
    .description(
      "Checks the .proto files of a folder: every policy complete, names right. Prints file:line:column and what to " +
        "write; exit code 1 when there is a finding. Needs buf: npm install --save-dev @bufbuild/buf.",
    )
    .argument("[folder]", "folder with a buf.yaml or .proto files", ".")
    .addHelpText("after", "\nExamples:\n  parley lint\n  parley lint proto")
    .action(async (folder) => {
      const { lint } = await import("../project/lint.ts");
      lint(folder);
    });
}
