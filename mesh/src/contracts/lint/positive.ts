// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";

/** True when a duration is at least the millisecond that timers can keep. */
export function isPositive(duration: Duration): boolean {
  return durationMs(duration) >= 1;
}
