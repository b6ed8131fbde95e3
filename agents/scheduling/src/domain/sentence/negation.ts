// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Piece, type Scan, without } from "./scan.ts";

/** A sentence in two: what it asks for and what it rules out. Positions are the same in both. */
export interface Negated {
  readonly kept: Scan;
  readonly ruledOut: Scan;
}

// "Dr. Smith" and "any day but Monday" are one clause.
const clauseEnd =
  /(?<!\b(?:dr|mr|mrs|ms|prof))[.,;!?]+(?= |$)|(?<!\b(?:any|every)(?:one|body|thing| ?day| ?time)? )\bbut\b|\b(?:rather(?! than\b)|instead(?! of\b))\b|\band(?= (?:after|before|at|from)\b)/g;
// "Not before 3" is a limit, "why not Monday" and "can't you" ask for something.
/** Who or what "except" and the like rule out, where time follows that they do not: "any doctor except Smith on Monday". */
const exception =
  /^((?:any|every) ?day but \w+day(?: (?:or|and) \w+day)*(?= (?:next|this|of)\b)|(?:except(?: for)?|apart from|other than|(?:any|every)(?:one|body|thing)? but|instead of|rather than) (?!on |in |at |the |next |this |mon|tue|wed|thu|fri|sat|sun|tomorrow|today|morning|afternoon|evening|\d)[^,;]+?(?= (?:on|at|in|from|between|before|after|next|this|tomorrow|today|please)\b))/;
const negator =
  /\b(?:(?<!\bwhy )not(?! (?:before|after|earlier|later|only|sure)\b)|never|neither|cannot|without|instead of|rather than|except(?: for)?|no(?= (?:[a-z]+days|mornings|afternoons|evenings)\b)|apart from|other than|(?:any|every)(?:one|body|thing| ?day| ?time)? but)\b|n't\b(?! (?:you|we|there|i|it)\b)/;
// "Tomorrow does not work" rules out what stands before it.
const unfit =
  /(?:\b(?:not|cannot)|n't) (?:work|possible|suit|suitable|good|great|convenient|fit|ok|okay)\b|\bimpossible\b|\b(?:is|are) (?:no good|no option|not an option)\b|\bwon't do\b/;

/** Parts a sentence at its negations: each reaches from the negating word to the end of its clause. */
export function negated(scan: Scan): Negated {
  const pieces = clausesOf(scan.rest).flatMap(({ start, text }): readonly Piece[] => {
    if (unfit.test(text)) return [{ start, text }];
    const found = negator.exec(text);
    if (found === null) return [];
    const out = text.slice(found.index);
    return [{ start: start + found.index, text: exception.exec(out)?.[1] ?? out }];
  });
  const kept = pieces.reduce(without, scan);
  const bars = "|".repeat(scan.rest.length);
  const rest = pieces.reduce((left, { start, text }) => {
    // The negating word itself must not be read once more: "not" stands before limits too.
    const said = unfit.test(text) ? text : text.replace(negator, (word) => "|".repeat(word.length));
    return left.slice(0, start) + said + left.slice(start + text.length);
  }, bars);
  return { kept, ruledOut: { rest, taken: [] } };
}

function clausesOf(text: string): readonly Piece[] {
  const ends = [...text.matchAll(clauseEnd)];
  const starts = [0, ...ends.map((end) => end.index + end[0].length)];
  return starts.map((start, index) => ({ start, text: text.slice(start, ends[index]?.index ?? text.length) }));
}
