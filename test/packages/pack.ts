// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageFolders } from "./repository-copy.ts";
import { run } from "./run.ts";

/** A package as others get it. */
export interface Tarball {
  readonly name: string;
  readonly file: string;
  /** Its files, without the folder that they all are in. */
  readonly contents: readonly string[];
}

/**
 * Packs all packages of a copy of the repository.
 *
 * @throws Error with all that npm said when one cannot be packed
 */
export async function packAll(copy: string): Promise<readonly Tarball[]> {
  const destination = join(copy, "tarballs");
  mkdirSync(destination);
  const tarballs: Tarball[] = [];
  for (const folder of packageFolders) {
    const cwd = join(copy, folder);
    const { code, said } = await run("npm", ["pack", "--pack-destination", destination], { cwd });
    if (code !== 0) throw new Error(`"${folder}" cannot be packed:\n${said}`);
    const { name, version } = JSON.parse(readFileSync(join(cwd, "package.json"), "utf8"));
    const file = join(destination, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
    tarballs.push({ name, file, contents: await contentsOf(file) });
  }
  return tarballs;
}

async function contentsOf(file: string): Promise<readonly string[]> {
  const { code, said } = await run("tar", ["-tzf", file], { cwd: "/" });
  if (code !== 0) throw new Error(said);
  return said
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""))
    .sort();
}
