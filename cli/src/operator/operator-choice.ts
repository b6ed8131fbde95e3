// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { OutputFormat } from "../commands/output-option.ts";
import type { MeshChoice } from "../state/find-mesh.ts";

/** What every operator command is told: which mesh is meant, and how the answer is printed. */
export interface OperatorChoice extends MeshChoice {
  readonly output: OutputFormat;
}

/** The same for one that changes something. */
export interface AuthorChoice extends OperatorChoice {
  /** Who does it, for the record. */
  readonly author: string;
}
