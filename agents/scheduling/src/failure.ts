// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import { zoneOf } from "./domain/time/local-words.ts";

/**
 * The zone to use: the first name that is not empty, else UTC.
 *
 * @throws MeshError INVALID_MESSAGE when there is no such zone
 */
export function requiredZone(field: string, ...names: readonly (string | undefined)[]): string {
  const zone = zoneOf(...names);
  if (zone !== undefined) return zone;
  const name = names.find((candidate) => candidate !== undefined && candidate !== "");
  throw invalid(field, `"${name}" is no IANA time zone; write one like "Europe/Berlin" or "UTC"`);
}

/** The error for a field whose value passes the contract's rules and is wrong all the same. */
export function invalid(field: string, message: string): MeshError {
  return new MeshError({
    code: "INVALID_MESSAGE",
    message: `${field}: ${message}`,
    violations: [{ field, rule: "domain", message }],
  });
}

/** The error for something that does not exist. */
export function notFound(message: string, userMessage?: string): MeshError {
  return new MeshError({ code: "NOT_FOUND", message, userMessage });
}
