// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { type Request, requestAfter } from "../conversation/conversation.ts";
import { sampleProviders } from "./sample-providers.ts";
import { understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

// A Saturday.
const now = Date.parse("2026-11-21T12:30:00Z");
const vocabulary = vocabularyOf(sampleProviders);
const offered = [
  { providerId: "prov_dr_smith", start: Date.parse("2026-11-22T14:00:00Z") },
  { providerId: "prov_dr_smith", start: Date.parse("2026-11-22T15:00:00Z") },
];

function after(...sentences: readonly string[]): Request {
  const hearing = { now, timeZone: "UTC", vocabulary, offered };
  const nothing: Request = { providerIds: [] };
  return sentences.reduce((request, sentence) => requestAfter(request, understand(sentence, hearing)), nothing);
}

const first = "Book a doctor for tomorrow afternoon";

test.each<[sentences: readonly string[], when: string | undefined]>([
  [[first, "no, not tomorrow, Monday"], "Monday 23 November, 12:00–18:00"],
  [[first, "Not tomorrow but on Monday"], "Monday 23 November, 12:00–18:00"],
  [[first, "tomorrow doesn't work, what about Monday?"], "Monday 23 November, 12:00–18:00"],
  [[first, "rather Monday"], "Monday 23 November, 12:00–18:00"],
  [[first, "why not Monday?"], "Monday 23 November, 12:00–18:00"],
  [[first, "after 3pm but not with Dr. Smith"], "Sunday 22 November, 15:00–18:00"],
  [[first, "not in the afternoon, in the morning"], "Sunday 22 November, 06:00–12:00"],
  [[first, "not tomorrow afternoon, tomorrow morning"], "tomorrow morning"],
  [[first, "not tomorrow"], "12:00–18:00"],
  [[first, "I can't do tomorrow"], "12:00–18:00"],
  [[first, "Monday instead of tomorrow"], "Monday 23 November, 12:00–18:00"],
  [[first, "neither tomorrow nor Sunday"], "12:00–18:00"],
  [["a doctor on weekdays, no Mondays please"], "Tuesday or Wednesday or Thursday or Friday"],
  [["doctor tomorrow", "not tomorrow"], undefined],
  [["a doctor on Monday or Tuesday, but not Tuesday"], "Monday 23 November"],
  [
    ["a doctor next week, not on Monday"],
    "Tuesday or Wednesday or Thursday or Friday or Saturday or Sunday, Monday 23 November to Sunday 29 November",
  ],
  [["a doctor any day but Monday"], "Tuesday or Wednesday or Thursday or Friday or Saturday or Sunday"],
  [["a doctor on Monday, not in the morning"], "Monday 23 November, from 12:00"],
  [["a doctor tomorrow, not before 3"], "tomorrow not before 3"],
])("%j wants %j", (sentences, when) => {
  expect(after(...sentences).when?.text).toBe(when);
});

test.each<[sentence: string, unwanted: readonly string[], wanted: readonly string[]]>([
  ["after 3pm but not with Dr. Smith", ["prov_dr_smith"], []],
  ["without Dr. Smith", ["prov_dr_smith"], []],
  ["anyone but Smith", ["prov_dr_smith"], []],
  ["not Dr Smith, Dr Weber", ["prov_dr_smith"], ["prov_dr_weber"]],
  ["I don't want Dr. Smith", ["prov_dr_smith"], []],
  ["with Dr. Smith", [], ["prov_dr_smith"]],
])("%j rules out %j and wants %j", (sentence, unwanted, wanted) => {
  const { unwantedIds = [], providerIds } = after(first, sentence);
  expect([unwantedIds, providerIds]).toEqual([unwanted, wanted]);
});

test("who was ruled out stays out until they are asked for", () => {
  expect(after(first, "not with Dr. Smith", "rather in the morning").unwantedIds).toEqual(["prov_dr_smith"]);
  expect(after(first, "not with Dr. Smith", "well, with Dr. Smith then").unwantedIds).toBeUndefined();
});
