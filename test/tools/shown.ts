// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./source-files.ts";

/** A test that shows requirements, by the ids in its name. */
export interface ShowingTest {
  readonly id: string;
  /** Path from the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** The test's name without ids. */
  readonly name: string;
}

/** Every mention of a requirement's id in the name of a test of the repository, in the order of the files. */
export function showingTests(): readonly ShowingTest[] {
  const files = globSync("**/*.test.ts", { cwd: root, exclude: (path) => skipped.has(basename(path)) });
  return files.sort().flatMap((file) => shownIn(file, readFileSync(join(root, file), "utf8")));
}

const skipped = new Set(["node_modules", "dist", ".git"]);

/** The mentions in one file. Tests that are skipped, planned or expected to fail show nothing. */
export function shownIn(file: string, source: string): readonly ShowingTest[] {
  const tests: ShowingTest[] = [];
  for (const { 1: modifiers = "", 3: text = "", index } of source.matchAll(named)) {
    if (/skip|todo|fails/.test(modifiers)) continue;
    const line = source.slice(0, index).split("\n").length;
    const name = text.replace(/\s*\[R[^\]]*\]/g, "").trim();
    for (const { 1: ids = "" } of text.matchAll(/\[(R\w+(?:\s*,\s*R\w+)*)\]/g)) {
      for (const id of ids.split(",")) tests.push({ id: id.trim(), file, line, name });
    }
  }
  return tests;
}

/** The first text of a call of test, it or describe; of test.each(…) and its like, the text of the second call. */
const named = /(?:\b(?:test|it|describe)((?:\.\w+)*)|\))\s*\(\s*(["'`])((?:\\.|(?!\2).)*)\2/g;
