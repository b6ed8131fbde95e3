// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * A sentence that is read piece by piece: what one reader has understood is blanked out, so that no other reader takes it
 * for something else ("for 45 minutes" is no time of day). Positions never change.
 */
export interface Scan {
  /** What is left; blanked pieces are bars, which no pattern matches. */
  readonly rest: string;
  /** Blanked pieces, in the order in which they were taken. */
  readonly taken: readonly Piece[];
}

/** A piece of the sentence. */
export interface Piece {
  readonly start: number;
  readonly text: string;
}

/** A match with what is left after it. */
export interface Found {
  readonly match: RegExpExecArray;
  readonly scan: Scan;
}

/**
 * The sentence in the form that readers expect: lower case, plain letters and quotes, control characters and runs of
 * spaces as one space, "p.m." as "pm".
 */
export function scanOf(sentence: string): Scan {
  const rest = folded(sentence)
    .replace(/\b([ap])\. ?m\b\.?/g, "$1m")
    .replace(/\btonight\b/g, "this evening")
    .replace(/(\d{4}-\d{2}-\d{2})t(?=\d)/g, "$1 ");
  return { rest, taken: [] };
}

/** Lower case, without accents, with straight quotes; control characters and runs of spaces become one space. */
export function folded(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[‘’ʼ`´]/g, "'")
    .replace(/[‐-―−]/g, "-")
    .replace(/[\p{C}\s|]+/gu, " ")
    .trim();
}

/** Takes the first match of the pattern; undefined when there is none. */
export function take(scan: Scan, pattern: RegExp): Found | undefined {
  const match = pattern.exec(scan.rest);
  if (match === null || match[0] === "") return undefined;
  return { match, scan: without(scan, { start: match.index, text: match[0] }) };
}

/** The sentence without that piece. */
export function without(scan: Scan, piece: Piece): Scan {
  const { start, text } = piece;
  const rest = scan.rest.slice(0, start) + "|".repeat(text.length) + scan.rest.slice(start + text.length);
  return { rest, taken: [...scan.taken, piece] };
}

/** The pieces as they stood in the sentence, e.g. "tomorrow afternoon". */
export function wordsOf(pieces: readonly Piece[]): string {
  return [...pieces]
    .sort((a, b) => a.start - b.start)
    .map(({ text }) => text.trim())
    .join(" ")
    .slice(0, 200);
}
