// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Milliseconds for people: `0.4 ms`, `38 ms`, `1.5 s`, `2 min`, `7 d`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 10 && !Number.isInteger(ms)) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const [, size, unit] = units.find(([from]) => ms >= from) ?? [0, 1_000, "s"];
  return `${Number((ms / size).toFixed(1))} ${unit}`;
}

/** From when on, size, name. A minute and a half is better told in seconds. */
const units: readonly (readonly [number, number, string])[] = [
  [86_400_000, 86_400_000, "d"],
  [3_600_000, 3_600_000, "h"],
  [120_000, 60_000, "min"],
];
