// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { stripVTControlCharacters } from "node:util";

/** How a table is laid out. */
export interface TableOptions {
  /** Columns, from 0, whose cells stand at the right: numbers. */
  readonly right?: readonly number[] | undefined;
}

/** Rows as lines of aligned columns, two spaces apart. Cells may be styled; nothing stands behind the last one. */
export function tableLines(rows: readonly (readonly string[])[], { right = [] }: TableOptions = {}): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const space = " ".repeat((widths[column] ?? 0) - widthOf(cell));
        return right.includes(column) ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd(),
  );
}

function widthOf(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
