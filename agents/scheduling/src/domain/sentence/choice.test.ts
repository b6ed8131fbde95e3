// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { sampleProviders } from "./sample-providers.ts";
import { understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

const now = Date.parse("2026-11-21T12:30:00Z");
const vocabulary = vocabularyOf(sampleProviders);
const offered = [
  { providerId: "prov_dr_smith", start: Date.parse("2026-11-22T14:00:00Z") },
  { providerId: "prov_dr_weber", start: Date.parse("2026-11-22T14:30:00Z") },
  { providerId: "prov_dr_smith", start: Date.parse("2026-11-22T15:30:00Z") },
];
const heard = (sentence: string, timeZone = "UTC") => understand(sentence, { now, timeZone, vocabulary, offered });

test.each([
  ["the first one", 0],
  ["The first one, please", 0],
  ["1", 0],
  ["2", 1],
  ["2.", 1],
  ["two please", 1],
  ["ok, the second", 1],
  ["I'll take the 2nd", 1],
  ["number three", 2],
  ["I take number 2 please", 1],
  ["the last one", 2],
  ["the earliest", 0],
  ["option 7", 6],
  ["0", -1],
  ["the one with Dr Weber", 1],
  ["14:30", 1],
  ["the 14:00 please", 0],
  ["at 3:30 pm", 2],
  ["Dr Smith at 3:30", 2],
])("%j chooses by number, place or description", (sentence, index) => {
  expect(heard(sentence)).toMatchObject({ intent: "CHOOSE_SLOT", choice: { kind: "one", index } });
});

test.each(["yes", "Yes please", "ok", "sure", "Sounds good!", "book it", "I'll take it", "go ahead"])(
  "%j agrees",
  (sentence) => {
    expect(heard(sentence)).toMatchObject({ intent: "CHOOSE_SLOT", choice: { kind: "agreed" } });
  },
);

test("a description that fits several says which", () => {
  expect(heard("Dr Smith please").choice).toEqual({ kind: "several", indexes: [0, 2] });
});

test("times are the speaker's", () => {
  expect(heard("15:30", "Europe/Berlin").choice).toEqual({ kind: "one", index: 1 });
});

test.each([
  "no",
  "none of these",
  "not now",
  "not really",
  "never mind",
  "No, thanks.",
  "something else",
  "later please",
])("%j declines", (sentence) => {
  expect(heard(sentence).intent).toBe("DECLINE");
});

test.each([
  "no, rather Thursday",
  "rather in the evening",
  "what about Monday",
  "3 pm",
  "dentist instead",
  "the first one on Thursday",
  "is there anything with Dr May?",
])("%j asks for other times", (sentence) => {
  expect(heard(sentence).intent).toBe("BOOK_APPOINTMENT");
});
