// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { layImports } from "../proto/build/imports.ts";
import { compilePackage } from "./compile.ts";
import { type Manifest, publishedManifest } from "./published-manifest.ts";

const root = join(import.meta.dirname, "..");
/** Where the repository's package.json waits while the published one is in its place. */
const sourceManifest = "package.source.json";

/**
 * Makes a package folder what its tarball shall hold, until {@link restorePackage}: compiled code, entries that name it, the
 * contracts that its own import, the licence. Nothing is replaced before all of it could be made.
 *
 * Be warned: meanwhile nothing else can use the package from the repository, nor can two of these run in one folder.
 */
export function preparePackage(folder: string): void {
  restorePackage(folder);
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  if (existsSync(join(folder, "parley"))) prepareContracts(folder);
  if (!existsSync(join(folder, "tsconfig.package.json"))) return;
  compilePackage(folder);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
  const published = `${JSON.stringify(publishedManifest(manifest), undefined, 2)}\n`;
  renameSync(join(folder, "package.json"), join(folder, sourceManifest));
  writeFileSync(join(folder, "package.json"), published);
}

/** Makes a package folder what it was; also after a {@link preparePackage} that was cut short. */
export function restorePackage(folder: string): void {
  const source = join(folder, sourceManifest);
  if (existsSync(source)) renameSync(source, join(folder, "package.json"));
  for (const made of ["dist", "imports", "LICENSE"]) rmSync(join(folder, made), { recursive: true, force: true });
}

function prepareContracts(folder: string): void {
  if (!existsSync(join(folder, "gen")))
    throw new Error(`"${folder}" has no gen folder; run \`npm run generate\` first`);
  layImports(join(folder, "imports"));
}
