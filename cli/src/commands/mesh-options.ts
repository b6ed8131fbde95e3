// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "commander";

/** Adds the options by which a command is told which mesh is meant. */
export function withMeshOptions(command: Command): Command {
  return command
    .option("--url <address>", "operator address of the mesh (default: PARLEY_URL, else what the state folder says)")
    .option("--state <folder>", "state folder of the mesh (default: PARLEY_STATE, else .parley in the project)");
}
