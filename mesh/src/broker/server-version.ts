// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** The oldest nats-server that keeps what the mesh promises: durable sourcing and correct atomic batches. */
export const serverFloor = "2.14.5";

/** The version that is fetched where none is installed and the way of fetching must name one. */
export const serverRelease = "2.15.1";

/** The first `a.b.c` in a text such as `nats-server: v2.15.1`; undefined when there is none. */
export function versionIn(text: string): string | undefined {
  return /\b\d+\.\d+\.\d+\b/.exec(text.replace(/v(?=\d)/g, ""))?.[0];
}

/** Whether `version` (`a.b.c`, a suffix such as `-beta.1` is not looked at) is at least `floor`. */
export function isAtLeast(version: string, floor: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(floor)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function numbersOf(version: string): readonly number[] {
  return (versionIn(version) ?? "0.0.0").split(".").map(Number);
}
