// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Temporal } from "temporal-polyfill";

/** A way of saying something, and the plainer one that the grammar reads; groups that took no part are undefined. */
export type Rewriting = readonly [
  pattern: RegExp,
  write: (match: readonly (string | undefined)[], today: Temporal.PlainDate) => string,
];
