// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** `DriveFileAdded` as `DRIVE_FILE_ADDED`. A row of capitals is one word: `HTTPFailed` is `HTTP_FAILED`. */
export function screamingSnake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toUpperCase();
}
