// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Provider } from "../booking/provider.ts";
import { folded, type Scan, without } from "./scan.ts";

/** How services and providers are called, read from the providers known at that moment: phrase to ids. */
export interface Vocabulary {
  readonly services: Phrases;
  readonly providers: Phrases;
}

/** What was named. Several services or providers may share a name. */
export interface Named {
  readonly scan: Scan;
  readonly serviceTypes: readonly string[];
  readonly providerIds: readonly string[];
}

type Phrases = ReadonlyMap<string, ReadonlySet<string>>;

const longestPhrase = 6;
const word = /[\p{L}\p{N}'_-]+/gu;
const titles = new Set(["dr", "doctor", "mr", "mrs", "ms", "miss", "prof", "professor", "nurse"]);
// A name that is also a word of requests stands for a person only after a title or "with".
const everyday = new Set(
  "may april june august will mark day sunday monday friday summer early late noon book long best good first last next grant bill".split(
    " ",
  ),
);

/** The vocabulary of these providers. */
export function vocabularyOf(providers: readonly Provider[]): Vocabulary {
  const services = new Map<string, Set<string>>();
  const people = new Map<string, Set<string>>();
  for (const { providerId, name, aliases, services: offered } of providers) {
    const names = wordsIn(name).filter((part) => !titles.has(part));
    // A single letter is an initial, not a name.
    const parts = names.filter((part) => part.length > 2);
    for (const called of [names.join(" "), ...parts, ...aliases, providerId]) add(people, called, providerId);
    for (const { serviceType, names: others } of offered) {
      for (const called of [serviceType.replaceAll(/[-_]/g, " "), ...others]) add(services, called, serviceType);
    }
  }
  return { services, providers: people };
}

/** The services and providers that the sentence names, longest names first. A title belongs to the name after it: "Dr Smith" asks for no doctor. */
export function namedIn(scan: Scan, { services, providers }: Vocabulary): Named {
  const people = findAll(scan, providers, (phrase, before) => {
    const doubtful = everyday.has(phrase) || services.has(phrase);
    return !doubtful || titles.has(before) || before === "with";
  });
  const others = findAll(people.scan, services, () => true);
  return { scan: others.scan, serviceTypes: [...others.ids], providerIds: [...people.ids] };
}

type Accept = (phrase: string, wordBefore: string) => boolean;

function findAll(
  scan: Scan,
  phrases: Phrases,
  accept: Accept,
): { readonly scan: Scan; readonly ids: ReadonlySet<string> } {
  const words = [...scan.rest.matchAll(word)];
  const ids = new Set<string>();
  let left = scan;
  for (let index = 0; index < words.length; index += 1) {
    const before = words[index - 1];
    const count = longestAt(words, index, (phrase) => phrases.has(phrase) && accept(phrase, before?.[0] ?? ""));
    if (count === 0) continue;
    for (const id of phrases.get(phraseAt(words, index, count)) ?? []) ids.add(id);
    left = blanked(left, titles.has(before?.[0] ?? "") ? before : words[index], words[index + count - 1]);
    index += count - 1;
  }
  return { scan: left, ids };
}

function longestAt(words: readonly RegExpExecArray[], index: number, known: (phrase: string) => boolean): number {
  let count = Math.min(longestPhrase, words.length - index);
  while (count > 0 && !known(phraseAt(words, index, count))) count -= 1;
  return count;
}

function phraseAt(words: readonly RegExpExecArray[], index: number, count: number): string {
  const part = words.slice(index, index + count);
  return part.map(([text]) => stem(text)).join(" ");
}

function blanked(scan: Scan, first: RegExpExecArray | undefined, last: RegExpExecArray | undefined): Scan {
  if (first === undefined || last === undefined) return scan;
  return without(scan, { start: first.index, text: scan.rest.slice(first.index, last.index + last[0].length) });
}

function add(phrases: Map<string, Set<string>>, name: string, id: string): void {
  const phrase = wordsIn(name).map(stem).join(" ");
  if (phrase !== "") phrases.set(phrase, (phrases.get(phrase) ?? new Set()).add(id));
}

function wordsIn(name: string): readonly string[] {
  return folded(name).match(word) ?? [];
}

/** "doctor", "doctors", "doctor's" and "doctors'" are one word. */
function stem(text: string): string {
  const bare = text.replace(/'s?$/, "");
  return bare.length > 2 && bare.endsWith("s") && !bare.endsWith("ss") ? bare.slice(0, -1) : bare;
}
