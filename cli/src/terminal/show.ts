// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { OutputFormat } from "../commands/output-option.ts";
import { type Style, styleFor } from "./style.ts";

/** One answer in both forms; only the one that is asked for is made. */
export interface Shown {
  /** One value; times as ISO texts or milliseconds. */
  readonly json: () => unknown;
  readonly table: (style: Style) => readonly string[];
}

/** Prints an answer on standard output. */
export function show(format: OutputFormat, { json, table }: Shown): void {
  const text = format === "json" ? JSON.stringify(json(), undefined, 2) : table(styleFor(process.stdout)).join("\n");
  process.stdout.write(`${text}\n`);
}
