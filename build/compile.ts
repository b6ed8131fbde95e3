// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Compiles `src` of a package folder into `dist`, as its tsconfig.package.json says: `.js` and `.d.ts`, without tests.
 *
 * @throws Error when it does not compile; the compiler has then said why, and `dist` is empty.
 */
export function compilePackage(folder: string): void {
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const project = join(folder, "tsconfig.package.json");
  const { status } = spawnSync(process.execPath, [compiler, "--project", project], { stdio: "inherit" });
  if (status !== 0) throw new Error(`"${folder}" does not compile`);
  // The compiler rewrites the imports of code only; in declarations not every tool follows `.ts` to `.d.ts`.
  for (const path of globSync("**/*.d.ts", { cwd: dist })) {
    const file = join(dist, path);
    writeFileSync(file, readFileSync(file, "utf8").replace(relativeSource, "$1.js$2"));
  }
}

/** The end of `from "./a.ts"`, `import("../a.ts")` and `import "./a.ts"`. */
const relativeSource = /(\b(?:from|import)\s*\(?\s*"\.[^"\n]*)\.ts(")/g;
