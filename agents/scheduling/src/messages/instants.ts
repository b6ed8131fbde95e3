// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { TimeWindow } from "../domain/time/time-window.ts";

/** Milliseconds since the epoch of a field that validation has shown to be set; 0 when it is not. */
export function milliseconds(timestamp: Timestamp | undefined): number {
  return timestamp === undefined ? 0 : timestampMs(timestamp);
}

/** Milliseconds since the epoch of a field that may be unset. */
export function instantOrUnset(timestamp: Timestamp | undefined): number | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}

/** Start and end of a domain object as the fields of a message. */
export function timeFields({ start, end }: TimeWindow): { startTime: Timestamp; endTime: Timestamp } {
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
}

/** Start and end of a message as the domain has them. */
export function windowOf(message: { startTime?: Timestamp | undefined; endTime?: Timestamp | undefined }): TimeWindow {
  return { start: milliseconds(message.startTime), end: milliseconds(message.endTime) };
}
