// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { undecodable } from "../undecodable.ts";

/** Brackets within each other; messages nest 32 deep at the most, lists between them double that. */
const maxDepth = 64;

/**
 * Refuses what `JSON.parse` would take and should not: nesting without end, and whole numbers that JavaScript would round
 * without a word.
 *
 * @throws MeshError UNDECODABLE
 */
export function checkJson(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) at = endOfText(text, at);
    else if (character === openBrace || character === openBracket) depth += 1;
    else if (character === closeBrace || character === closeBracket) depth -= 1;
    else if (isDigit(character)) at = endOfNumber(text, at);
    if (depth > maxDepth) throw undecodable(`the body: it nests deeper than ${maxDepth}`);
  }
}

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** Index of the closing quote; the end of the text where there is none. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === quote) return at;
    if (character === backslash) at += 1;
  }
  return text.length;
}

/** Index of the last digit of a whole number, or of the whole part of another. */
function endOfNumber(text: string, start: number): number {
  let end = start;
  while (isDigit(text.charCodeAt(end + 1))) end += 1;
  const whole = !/[.eE]/.test(text.charAt(end + 1));
  const digits = end - start < 15 ? "" : text.slice(start, end + 1);
  if (whole && digits !== "" && !Number.isSafeInteger(Number(digits))) {
    throw undecodable(`the body: number ${digits.slice(0, 40)} would lose digits; write 64-bit numbers as strings`);
  }
  return end;
}

function isDigit(character: number): boolean {
  return character >= 0x30 && character <= 0x39;
}
