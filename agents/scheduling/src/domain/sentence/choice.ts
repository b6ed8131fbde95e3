// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { localTime } from "../time/time-zone.ts";
import type { Here, TimeWords } from "./time-words.ts";

/** Which of the things offered is meant. */
export type Choice =
  /** Counted from 0; may lie beyond what was offered. */
  | { readonly kind: "one"; readonly index: number }
  /** Agreement without saying to which. */
  | { readonly kind: "agreed" }
  /** Several fit. */
  | { readonly kind: "several"; readonly indexes: readonly number[] };

/** What can be chosen from. */
export interface Choosable {
  readonly providerId: string;
  readonly start: number;
}

const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
const filler = String.raw`(?:i(?:'d| would|'ll| will)? (?:like|take|prefer|want|choose|go (?:for|with)) |let's (?:take|do|go with) |(?:please )?(?:book|take|choose|confirm) |(?:the )?(?:number|option|slot|offer|time|no\.?|nr\.?|#) ?|yes,? |ok(?:ay)?,? |the |please )`;
const number = new RegExp(
  String.raw`^(?:${filler})*(\d{1,3}|${numbers.join("|")})(?: please|,? please| works| is (?:fine|good|great|ok|okay|perfect)| would be (?:fine|good|great))?[.!)]*$`,
);
const ordinal = new RegExp(
  String.raw`\b(${ordinals.join("|")}|\d{1,2}(?:st|nd|rd|th)|last|earliest|latest|middle)\b(?! (?:week|of|month|half|name|time i))`,
);

const agreement =
  /^(?:yes|yeah|yep|yup|ok|okay|sure|fine|perfect|great|good|alright|all right|agreed|deal|correct|confirmed?|sounds? (?:good|great|fine|perfect)|that(?:'s| is)? (?:works|good|fine|great|perfect|ok|okay)|works for me|go ahead|do it|book (?:it|that)|take (?:it|that)|i(?:'ll| will) take (?:it|that)|please do|please)\b/;
const refusal =
  /^(?:no|nope|nah|none|neither|nothing|not (?:really|these|those|any|now)|never ?mind|forget it|no thanks?|leave it|don't|stop)\b/;
const otherwise =
  /\b(?:rather|instead|another|other|others|different|else|what about|how about|prefer|change|later|earlier|sooner|reschedule|move)\b/;

/** Whether the sentence agrees, refuses, or asks for something else. */
export function attitudeOf(sentence: string): {
  readonly agrees: boolean;
  readonly refuses: boolean;
  readonly wantsOther: boolean;
} {
  return { agrees: agreement.test(sentence), refuses: refusal.test(sentence), wantsOther: otherwise.test(sentence) };
}

const pointing = new RegExp(
  String.raw`\b(?:${ordinals.join("|")}|\d{1,2}(?:st|nd|rd|th)|last) (?:one|option|slot|offer)\b`,
);

/** Whether one of the offers is pointed at: "I'd rather have the third one" asks for nothing else. */
export function pointsAtOne(sentence: string): boolean {
  return pointing.test(sentence);
}

/** A choice by number or place: "2", "the first one", "option three", "the last". Undefined when the sentence counts nothing. */
export function countedChoice(sentence: string, offered: number): Choice | undefined {
  const counted = number.exec(sentence)?.[1];
  if (counted !== undefined) {
    const spelt = numbers.indexOf(counted);
    return { kind: "one", index: (spelt >= 0 ? spelt + 1 : Number(counted)) - 1 };
  }
  const place = ordinal.exec(sentence)?.[1];
  if (place === undefined) return undefined;
  if (place === "last" || place === "latest") return { kind: "one", index: offered - 1 };
  if (place === "earliest") return { kind: "one", index: 0 };
  if (place === "middle") return offered % 2 === 1 ? { kind: "one", index: (offered - 1) / 2 } : undefined;
  const named = ordinals.indexOf(place);
  return { kind: "one", index: named >= 0 ? named : Number.parseInt(place, 10) - 1 };
}

/** A choice by what it is: "the one with Dr Weber", "14:30 please". Undefined when nothing offered fits what was said. */
export function describedChoice(
  said: { readonly words: TimeWords | undefined; readonly providerIds: readonly string[] },
  offered: readonly Choosable[],
  { timeZone }: Here,
): Choice | undefined {
  const { words, providerIds } = said;
  if (words?.at === undefined && providerIds.length === 0) return undefined;
  const indexes = offered.flatMap((offer, index) => {
    const local = localTime(offer.start, timeZone);
    const date = local.toPlainDate().toString();
    const clock = local.toPlainTime().toString({ smallestUnit: "minute" });
    const day = (words?.days?.spans ?? []).every((span) => span.first <= date && date <= span.last);
    const fits =
      (providerIds.length === 0 || providerIds.includes(offer.providerId)) &&
      (words?.at === undefined || words.at === clock) &&
      day;
    return fits ? [index] : [];
  });
  const [only, ...more] = indexes;
  if (only === undefined) return undefined;
  return more.length === 0 ? { kind: "one", index: only } : { kind: "several", indexes };
}
