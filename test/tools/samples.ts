// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** A block of code in a page. */
export interface Sample {
  /** Where it begins in the page, from 1. */
  readonly line: number;
  /** What follows the fence, e.g. `ts`. */
  readonly language: string;
  /** File that it is a copy of, as the comment before it says; undefined: there is no such comment. */
  readonly source: string | undefined;
  readonly text: string;
}

/** An optional `<!-- source: path -->`, then a fenced block. */
const block = /(?:^<!-- source: (\S+) -->\n\s*)?^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks of a page. */
export function samplesIn(page: string): readonly Sample[] {
  return [...page.matchAll(block)].map(({ 1: source, 2: language = "", 3: text = "", index }) => ({
    line: page.slice(0, index).split("\n").length,
    language,
    source,
    text,
  }));
}

/**
 * What is wrong with a sample; undefined: nothing. Code that is compiled must be a copy of a file that is.
 *
 * @param read The text of a file by its path from the root of the repository; undefined: there is none
 */
export function sampleFault(sample: Sample, read: (path: string) => string | undefined): string | undefined {
  const { language, source, text } = sample;
  if (source === undefined) {
    if (!["ts", "proto"].includes(language)) return undefined;
    return "is not said to be the copy of a file; put <!-- source: path --> before it";
  }
  const file = read(source);
  if (file === undefined) return `is said to be "${source}", which does not exist`;
  return file === text ? undefined : `is no longer "${source}"; copy the file`;
}
