// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Vocabulary } from "./vocabulary.ts";

/** Words of time that people mistype; shorter ones are too near to others. */
const timeWords =
  "monday tuesday wednesday thursday friday saturday sunday january february april august september october november december today tomorrow morning afternoon evening weekend appointment".split(
    " ",
  );
/** Words as near to one of ours as a typing mistake, which they are not. */
const real: ReadonlySet<string> = new Set(
  "mourning moaning message messages sundae sundry friend frida weaken weakened moment".split(" "),
);
const word = /\p{L}+/gu;
const shortest = 5;

/**
 * The sentence with mistyped words of time, services and names put right: one letter too many, missing, wrong or swapped with
 * its neighbour, two in long words. The first letter must be right, and no other known word as near.
 *
 * @param sentence folded
 */
export function respelled(sentence: string, { services, providers }: Vocabulary): string {
  const names = [...services.keys(), ...providers.keys()].flatMap((phrase) => phrase.match(word) ?? []);
  const known = new Set([...timeWords, ...names]);
  const long = [...known].filter((each) => each.length >= shortest);
  return sentence.replace(word, (typed) => {
    const singular = typed.replace(/s$/, "");
    if (typed.length < shortest - 1 || known.has(typed) || known.has(singular) || real.has(typed)) return typed;
    return nearest(typed, long) ?? (singular === typed ? undefined : nearest(singular, long)) ?? typed;
  });
}

function nearest(typed: string, words: readonly string[]): string | undefined {
  const near = words.flatMap((each) => {
    const distance = each[0] === typed[0] ? mistakes(typed, each) : Number.POSITIVE_INFINITY;
    return distance <= (each.length >= 8 ? 2 : 1) ? [{ each, distance }] : [];
  });
  const least = Math.min(...near.map(({ distance }) => distance));
  const [only, ...more] = near.filter(({ distance }) => distance === least);
  return only === undefined || more.length > 0 ? undefined : only.each;
}

/** How many letters too many, missing, wrong or swapped; in words of five letters a wrong one makes another word ("match", "march"). */
function mistakes(typed: string, meant: string): number {
  if (Math.abs(typed.length - meant.length) > 2) return Number.POSITIVE_INFINITY;
  if (
    meant.length <= shortest &&
    typed.length === meant.length &&
    [...typed].sort().join() !== [...meant].sort().join()
  )
    return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: meant.length + 1 }, (_, index) => index);
  for (let i = 1; i <= typed.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= meant.length; j += 1) {
      const same = typed[i - 1] === meant[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && typed[i - 1] === meant[j - 2] && typed[i - 2] === meant[j - 1];
      const swap = swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same, swap));
    }
    before = row;
    row = next;
  }
  return row[meant.length] ?? 0;
}
