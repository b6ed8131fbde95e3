// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Style } from "./style.ts";
import { type TableOptions, tableLines } from "./table.ts";

/** A list as people read it. */
export interface List extends TableOptions {
  /** Names of the columns, in capitals. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What is said in the place of a table without rows: lower-case, without a full stop. */
  readonly none: string;
}

/** A table below the names of its columns. */
export function listLines({ head, rows, none, right }: List, { bold }: Pick<Style, "bold">): readonly string[] {
  return rows.length === 0 ? [none] : tableLines([head.map(bold), ...rows], { right });
}
