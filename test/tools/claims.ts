// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { root } from "./source-files.ts";

/** Something that a page of documentation says is there. */
export interface Claim {
  /** In the page, from 1. */
  readonly line: number;
  /** As it is written. */
  readonly text: string;
  /** Patterns of which one must match a file, from the root of the repository. */
  readonly files: readonly string[];
}

/** Paths of the repository, links, `npm run` scripts, and tests in columns called "Shown by". */
export function claimsIn(page: string, path: string): readonly Claim[] {
  const text = page.replace(/```.*?```/gs, (block) => block.replace(/[^\n]/g, ""));
  return [...pathsIn(text), ...linksIn(text, path), ...shownBy(text)];
}

/** What a claim lacks; undefined: it is true. */
export function claimFault({ line, text, files }: Claim): string | undefined {
  if (globSync([...files], { cwd: root }).length > 0) return undefined;
  return `line ${line}: "${text}" is not there`;
}

/** Names of `npm run` scripts that a page tells to use. */
export function scriptsIn(page: string): readonly string[] {
  return [...page.matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = ""]) => name);
}

/** Those that package.json has. */
export function scripts(): ReadonlySet<string> {
  const { scripts = {} } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts?: object };
  return new Set(Object.keys(scripts));
}

const topFolders = "test|mesh|gateway|cli|proto|agents|bench|deploy|docs|build";
const paths = new RegExp(`(?<![\\w./@-])(?:${topFolders})/[\\w./*-]*[\\w*]`, "g");

function pathsIn(text: string): Claim[] {
  return [...text.matchAll(paths)].map(({ 0: name, index }) => ({
    line: lineAt(text, index),
    text: name,
    files: [name, `${name}.ts`, `${name}.test.ts`],
  }));
}

function linksIn(text: string, path: string): Claim[] {
  return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .filter(([, target = ""]) => !/^\w+:/.test(target))
    .map(({ 1: target = "", index }) => ({
      line: lineAt(text, index),
      text: target,
      files: [posix.join(posix.dirname(path), target)],
    }));
}

/** The last cell of each row of a table that is headed so. What stands in brackets there says which part of a test it is. */
function shownBy(text: string): Claim[] {
  const claims: Claim[] = [];
  let isTable = false;
  for (const [index, line] of text.split("\n").entries()) {
    const cells = line.startsWith("|") ? line.split("|").map((cell) => cell.trim()) : [];
    const last = cells.at(-2) ?? "";
    if (last === "Shown by") isTable = true;
    else if (cells.length === 0) isTable = false;
    else if (isTable && !/^-+$/.test(last)) {
      for (const name of last.replace(/\(.*?\)/g, "").split(",")) claims.push(...testNamed(name.trim(), index + 1));
    }
  }
  return claims;
}

/** Tests stand in test/integration, or in a room of mesh/src, or are named whole; in backticks stands what is to be typed. */
function testNamed(name: string, line: number): Claim[] {
  if (name === "") return [];
  if (name.startsWith("`"))
    return [{ line, text: name, files: name.includes("test:crash") ? ["test/crash/main.ts"] : [] }];
  const places = name.startsWith("test/") ? [name] : [`test/integration/${name}`, `mesh/src/${name}`];
  return [{ line, text: name, files: places.map((place) => `${place}.test.ts`) }];
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
