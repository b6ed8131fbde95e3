// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { impossibleReply } from "../conversation/replies.ts";
import { sampleProviders } from "./sample-providers.ts";
import { understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

const now = Date.parse("2026-11-21T12:30:00Z");
const hearing = { now, timeZone: "UTC", vocabulary: vocabularyOf(sampleProviders), offered: [] };

test.each([
  ["a doctor on 30 February", "30 February"],
  ["a doctor on the 31st of June at 3pm", "31st of June"],
  ["a doctor on February 30th", "February 30th"],
  ["a doctor on 29 February", "29 February 2027"],
  ["a doctor on 29 Feb 2027", "29 Feb 2027"],
  ["a doctor on 2027-02-30", "2027-02-30"],
  ["a doctor on 31/02", "31/02"],
  ["a doctor on 30.2.2027", "30.2.2027"],
  ["a doctor tomorrow at 25:00", "25:00"],
  ["a doctor tomorrow at 25", "25"],
  ["a doctor at 10:75", "10:75"],
  ["a doctor at 13pm", "13pm"],
])("%j asks for %j, which does not exist", (sentence, said) => {
  const { intent, impossible = "" } = understand(sentence, hearing);
  expect(intent).toBe("BOOK_APPOINTMENT");
  expect(impossibleReply(impossible)).toBe(`Sorry, ${said} does not exist. Which day and time would suit you?`);
});

test.each([
  "a doctor on 29 February 2028",
  "a doctor on 30 April at 24:00",
  "a doctor on 4/12 at 9",
  "Dr. May in May",
  "a doctor on 3 December 10:30",
])("%j is possible", (sentence) => {
  expect(understand(sentence, hearing).impossible).toBeUndefined();
});

test.each([
  "do not book a doctor",
  "Don't book a doctor for tomorrow.",
  "I do not want a dentist",
  "please don't book anything",
  "do not cancel my appointment",
])("%j asks for nothing", (sentence) => {
  expect(understand(sentence, hearing).intent).toBe("DECLINE");
});

test.each(["do not book a doctor but a dentist", "I don't want a doctor, I need a dentist"])(
  "%j asks for the other one",
  (sentence) => {
    expect(understand(sentence, hearing)).toMatchObject({ intent: "BOOK_APPOINTMENT", serviceTypes: ["dentist"] });
  },
);
