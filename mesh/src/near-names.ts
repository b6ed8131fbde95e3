// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Up to three of `names` that somebody who wrote `name` may have meant, the likeliest first. */
export function nearNames(name: string, names: Iterable<string>): readonly string[] {
  const asked = plain(name);
  const near = [...names].map((candidate) => ({ candidate, distance: distanceOf(asked, plain(candidate)) }));
  return near
    .filter(({ distance }) => distance <= Math.max(2, asked.length / 3))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Without case, underscores and package: all that people confuse most. */
function plain(name: string): string {
  return name
    .slice(name.lastIndexOf(".") + 1)
    .replaceAll("_", "")
    .toLowerCase();
}

/** Letters to insert, take out or change (Levenshtein); one that is a part of the other is near. */
function distanceOf(a: string, b: string): number {
  if (a.length > 2 && b.includes(a)) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [line, letter] of [...a].entries()) {
    const next = [line + 1];
    for (const [column, other] of [...b].entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
