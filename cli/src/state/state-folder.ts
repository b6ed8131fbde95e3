// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join, resolve } from "node:path";
import { findProject } from "../project/project.ts";

/**
 * Where a mesh keeps its streams and where others find it: `--state`, else PARLEY_STATE, else `.parley` in the project, or in
 * the working folder where there is no project.
 */
export function stateFolder(option: string | undefined): string {
  const named = option ?? process.env["PARLEY_STATE"];
  if (named) return resolve(named);
  return join(findProject()?.folder ?? process.cwd(), ".parley");
}
