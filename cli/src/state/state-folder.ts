// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join, resolve } from "node:path";
import { findProject } from "../project/project.ts";

/**
 * Where a mesh keeps its streams and where others find it: `--state`, else PARLEY_STATE, else `.parley` in the project, or in
 * the working folder where there is no project.
 */
export function stateFolder(option: string | undefined): string {
  return namedStateFolder(option) ?? join(findProject()?.folder ?? process.cwd(), ".parley");
}

/** The folder that `--state` or PARLEY_STATE names; nothing when it is the project's own, which needs no name. */
export function namedStateFolder(option: string | undefined): string | undefined {
  const named = option ?? process.env["PARLEY_STATE"];
  return named ? resolve(named) : undefined;
}
