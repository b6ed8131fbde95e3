// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** What is said besides requests. */
export type SmallTalk = "greeting" | "thanks" | "help" | "agreement";

const talks: readonly (readonly [talk: SmallTalk, pattern: RegExp])[] = [
  ["help", /^(?:please )?help\b|\bwhat (?:can|do) you do\b|\bhow does (?:this|it) work\b|^\?+$/],
  ["thanks", /\b(?:thanks|thank you|thx|cheers)\b/],
  ["greeting", /^(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|bye|goodbye)\b/],
];

/** Which small talk a sentence is that asks for nothing; undefined when it is none. */
export function smallTalkIn(sentence: string, agrees: boolean): SmallTalk | undefined {
  return talks.find(([, pattern]) => pattern.test(sentence))?.[0] ?? (agrees ? "agreement" : undefined);
}

const wish =
  /\b(?:book|get|find|need|want|see|visit|arrange|schedule|i'd like|i would like|looking for)(?: (?:me|us|for|to|see|book))* an? ([\p{L}'-]{3,40})(?= *(?:[|,.!?]|$|(?:for|on|at|in|please|today|tomorrow|next|with)\b))/u;
const anything =
  /^(?:appointment|slot|time|visit|meeting|session|booking|check-?up|consultation|date|day|treatment)s?$/;

/** The service that is asked for in words that no provider uses: "plumber" of "book a plumber". */
export function unknownServiceIn(left: string): string | undefined {
  const service = wish.exec(left)?.[1];
  return service === undefined || anything.test(service) ? undefined : service;
}

const moving = /\b(?:move|reschedule|postpone|shift|push back|bring forward)\b/;

/** Whether an appointment shall take place at another time. */
export function moves(sentence: string): boolean {
  return moving.test(sentence);
}
