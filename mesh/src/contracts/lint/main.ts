// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// `node main.ts [folder]`: contract lint of a folder, one line per finding. Exit code 1 when there is one, 2 when the
// contracts cannot be looked at.

import { findingText } from "./finding.ts";
import { lintFolder } from "./lint-folder.ts";

try {
  const findings = lintFolder(process.argv[2] ?? process.cwd());
  for (const finding of findings) process.stdout.write(`${findingText(finding)}\n`);
  process.exitCode = findings.length > 0 ? 1 : 0;
} catch (error) {
  process.stderr.write(`${whyNot(error)}\n`);
  process.exitCode = 2;
}

function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "buf was not found; npm install --save-dev @bufbuild/buf";
  const said = "stderr" in error ? String(error.stderr).trim() : "";
  return said === "" ? error.message : said;
}
