// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { InvalidArgumentError } from "commander";
import { lengthOfTime } from "./time-argument.ts";

/** A point in time to come as it is typed: in `2h`, or `2026-11-21T10:00:00Z`, in milliseconds since the epoch. */
export function dueArgument(text: string): number {
  const after = lengthOfTime(text);
  const at =
    after === undefined ? (/^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN) : Date.now() + after;
  if (Number.isNaN(at)) throw new InvalidArgumentError("Write e.g. 15m, 2h, 3d (from now), or 2026-11-21T10:00:00Z.");
  return at;
}
