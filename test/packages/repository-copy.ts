// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { cpSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "../tools/source-files.ts";

/** Folders of the packages that others install. */
export const packageFolders = ["proto", "mesh", "gateway", "cli"] as const;

/**
 * Copies what packing reads into a folder: packing changes package folders while it lasts, and in the repository that would
 * meet the other tests of the same run.
 */
export function copyRepository(into: string): void {
  for (const name of [...packageFolders, "build", "tsconfig.json", "LICENSE"]) {
    cpSync(join(root, name), join(into, name), {
      recursive: true,
      filter: (source) => !["node_modules", "dist"].includes(basename(source)),
    });
  }
  symlinkSync(join(root, "node_modules"), join(into, "node_modules"), "dir");
}
