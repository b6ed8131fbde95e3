// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// What npm runs in a package folder before it packs it.

import { preparePackage, restorePackage } from "./package-folder.ts";

const folder = process.cwd();
try {
  preparePackage(folder);
} catch (error) {
  restorePackage(folder);
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
