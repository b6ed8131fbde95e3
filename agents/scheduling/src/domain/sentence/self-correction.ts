// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Scan } from "./scan.ts";

const marker =
  /(?:[,;.]+ *|- *|\bor )(?:(?:no|nope|wait|oops|sorry|actually|rather|better|i mean|i meant|scratch that)\b|(?=make (?:it|that)\b))(?:,? *(?:no|wait|sorry|actually|rather|better|i mean|i meant)\b)*,?/g;

/** A sentence in which somebody corrects themselves, in two: "on Tuesday, no, on Wednesday". Positions are the same in both. */
export interface SelfCorrected {
  readonly before: Scan;
  readonly after: Scan;
}

/** Parts the sentence at its last correction of itself; undefined where there is none. */
export function selfCorrected(scan: Scan): SelfCorrected | undefined {
  const found = [...scan.rest.matchAll(marker)].at(-1);
  if (found === undefined || found.index === 0) return undefined;
  const end = found.index + found[0].length;
  const bars = (length: number) => "|".repeat(length);
  return {
    before: { ...scan, rest: scan.rest.slice(0, found.index) + bars(scan.rest.length - found.index) },
    after: { ...scan, rest: bars(end) + scan.rest.slice(end) },
  };
}
