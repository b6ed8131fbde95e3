// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { type Finding, findingText, lintFolder } from "@parley/mesh/contracts";
import { UsageError } from "../usage-error.ts";

/**
 * Prints the findings of the contract lint; the exit code says whether there are any.
 *
 * @throws UsageError when the contracts cannot be looked at
 */
export function lint(folder: string): void {
  const findings = findingsIn(resolve(folder));
  for (const finding of findings) process.stdout.write(`${findingText(finding)}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

function findingsIn(folder: string): readonly Finding[] {
  if (!existsSync(folder)) throw new UsageError(`there is no folder "${folder}"`);
  // Contracts may lie below the folder where buf is installed, and parley may have been started without npx.
  process.env["PATH"] = [...installedAbove(folder), process.env["PATH"]].join(delimiter);
  try {
    return lintFolder(folder);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("code" in error && error.code === "ENOENT") {
      throw new UsageError("buf was not found", "Run `npm install --save-dev @bufbuild/buf`.");
    }
    const said = "stderr" in error ? String(error.stderr).trim() : "";
    throw new UsageError(`the contracts in "${folder}" cannot be looked at`, said === "" ? error.message : said);
  }
}

/** Folders of installed commands, nearest first: of the contracts' project, then of the working folder's. */
function installedAbove(folder: string): readonly string[] {
  return [folder, process.cwd()].flatMap((from) => upward(from).map((each) => join(each, "node_modules/.bin")));
}

function upward(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upward(parent)];
}
