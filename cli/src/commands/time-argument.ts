// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A length of time as it is typed, e.g. `500ms`, `2s`, `1.5m`, in milliseconds. */
export function timeArgument(text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined) throw new InvalidArgumentError("Write e.g. 500ms, 2s, 1m.");
  return Math.max(1, Math.round(Number(number) * factor));
}
