// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time as it is typed, e.g. `500ms`, `2s`, `1.5m`, in milliseconds; never none at all. */
export function timeArgument(text: string): number {
  const ms = lengthOfTime(text);
  if (ms === undefined) throw new InvalidArgumentError("Write e.g. 500ms, 2s, 1m.");
  if (ms < 1) throw new InvalidArgumentError("Write at least 1ms.");
  return ms;
}

/** The same; undefined when it is none. */
export function lengthOfTime(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor);
}
