// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { keyToken } from "./key-token.ts";

/**
 * How many streams hold the statuses of commands, split by id. A broker that syncs each message to its disk does so one after
 * the other within a stream, while those of several streams go to the disk together. Cannot be changed later: a status would be
 * looked for where it is not.
 */
export const statusParts = 4;

/** Which of them holds the status of a command. */
export function statusPartOf(id: string): number {
  // 32-bit FNV-1a: ids that differ in their end alone, as those of one millisecond do, are spread as well.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(keyToken(id))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % statusParts;
}
