// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";
import { lengthOfTime } from "./time-argument.ts";

/** A point in time as it is typed: `2h` ago, or `2026-11-21T10:00:00Z`, in milliseconds since the epoch. */
export function momentArgument(text: string): number {
  const ago = lengthOfTime(text);
  const at = ago === undefined ? (/^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN) : Date.now() - ago;
  if (Number.isNaN(at)) throw new InvalidArgumentError("Write e.g. 15m, 2h, 3d (ago), or 2026-11-21T10:00:00Z.");
  return at;
}
