// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";

/** A point in time for people, to the second and in UTC, such as can be typed again; empty when it is unset. */
export function moment(time: Timestamp | undefined): string {
  return time === undefined ? "" : `${new Date(timestampMs(time)).toISOString().slice(0, 19)}Z`;
}
