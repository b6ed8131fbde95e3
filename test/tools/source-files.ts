// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** Something that a file imports, be it only a type. */
export interface Import {
  readonly line: number;
  /** Path from the root of the repository when it is a file, else the specifier: `node:fs`, `@parley/mesh`. */
  readonly target: string;
}

/** A TypeScript file that people write. */
export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly imports: readonly Import[];
}

/** The root of the repository. */
export const root = join(import.meta.dirname, "../..");

/** Every TypeScript file of the repository but generated and installed ones, sorted. */
export function sourceFiles(): readonly SourceFile[] {
  const paths = globSync("**/*.ts", { cwd: root, exclude: (path) => skipped.has(posix.basename(path)) });
  return paths.sort().map((path) => ({ path, imports: importsIn(path, readFileSync(join(root, path), "utf8")) }));
}

const skipped = new Set(["node_modules", "dist", "gen", ".git"]);

/** What the text of the file at `path` imports or exports from elsewhere. */
export function importsIn(path: string, source: string): readonly Import[] {
  return [...source.matchAll(statement)].map(({ 1: from, 2: bare, 3: dynamic, index }) => {
    const specifier = from ?? bare ?? dynamic ?? "";
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
    return { line: source.slice(0, index).split("\n").length, target };
  });
}

/**
 * `import … from "x"` and `export … from "x"` at the beginning of a line, where the formatter puts them and examples in
 * comments are not; `import "x"`; and `import("x")` anywhere.
 */
const statement = /^(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
