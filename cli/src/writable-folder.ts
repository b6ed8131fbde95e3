// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { accessSync, constants } from "node:fs";
import { makeFolder } from "@parley/mesh/broker";
import { UsageError } from "./usage-error.ts";

/**
 * Makes a folder that can be written to, if it is none yet.
 *
 * @param refusal what is said when it cannot, before the reason, and what to do next
 * @throws UsageError
 */
export function openFolder(folder: string, refusal: { readonly what: string; readonly next: string }): void {
  try {
    makeFolder(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${refusal.what}: ${error instanceof Error ? error.message : error}`, refusal.next);
  }
}
