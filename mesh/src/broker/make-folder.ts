// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdirSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder and those above it that are missing, one after the other. Not by Node's `recursive`: that never comes back
 * where a folder cannot be made although the one above it is there, as below `/proc`.
 *
 * @throws Error of the system, with its reason and the path
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  if (isThere(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it meanwhile; a file in its place is no folder.
    if (!isThere(path)) throw error;
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
