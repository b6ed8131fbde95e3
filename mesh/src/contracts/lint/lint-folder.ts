// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "./finding.ts";
import { lintContracts } from "./lint-contracts.ts";

/**
 * Lints the contracts of a folder that holds a `buf.yaml`, or loose `.proto` files; those under `node_modules` are only
 * imported. Paths in the findings are relative to the folder.
 *
 * @throws Error when buf is not installed or the contracts do not compile, with the compiler's words in `stderr`.
 */
export function lintFolder(folder: string): readonly Finding[] {
  const paths = pathsByImport(folder);
  const bytes = buf(folder, ["build", "-o", "-", "--as-file-descriptor-set"]);
  const findings = lintContracts(bytes, { include: (path) => paths.has(path) });
  return findings.map((finding) => ({ ...finding, file: paths.get(finding.file) ?? finding.file }));
}

/** Where each contract of the folder is on disk, by the path that imports write. */
function pathsByImport(folder: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of buf(folder, ["ls-files", "--format", "json"]).toString().trim().split("\n")) {
    const file: unknown = JSON.parse(line || "{}");
    if (typeof file !== "object" || file === null || !("path" in file) || !("import_path" in file)) continue;
    const path = String(file.path);
    if (!path.split(/[/\\]/).includes("node_modules")) paths.set(String(file.import_path), path);
  }
  return paths;
}

function buf(folder: string, parameters: readonly string[]): Buffer {
  const installed = join(folder, "node_modules/.bin/buf");
  const command = existsSync(installed) ? installed : "buf";
  // Contracts of a large house pass Node's default of one megabyte.
  return execFileSync(command, parameters, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], maxBuffer: 2 ** 28 });
}
