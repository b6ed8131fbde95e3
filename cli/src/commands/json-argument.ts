// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { UsageError } from "../usage-error.ts";

/**
 * A JSON argument as its text: literal, `@file`, or `-` for standard input.
 *
 * @throws UsageError when it cannot be read
 */
export function jsonText(argument: string): string {
  if (argument !== "-" && !argument.startsWith("@")) return argument;
  try {
    return readFileSync(argument === "-" ? 0 : argument.slice(1), "utf8");
  } catch (error) {
    throw new UsageError(`"${argument}" cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * The value of a JSON text that was typed.
 *
 * @throws UsageError when it is no JSON
 */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
    throw new UsageError(
      `${JSON.stringify(shown)} is no JSON: ${error instanceof Error ? error.message : error}`,
      `Quote it for the shell, e.g. '{"userId":"ada"}', or write @file, or - for standard input.`,
    );
  }
}
