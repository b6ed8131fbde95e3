// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { sampleProviders } from "./sample-providers.ts";
import { understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

const hearing = {
  now: Date.parse("2026-11-21T12:30:00Z"),
  timeZone: "UTC",
  vocabulary: vocabularyOf(sampleProviders),
  offered: [],
};

test.each([
  ["yes", "agreement"],
  ["ok", "agreement"],
  ["thanks", "thanks"],
  ["great, thank you!", "thanks"],
  ["hi", "greeting"],
  ["Hello there", "greeting"],
  ["help", "help"],
  ["What can you do?", "help"],
  ["asdf qwer", undefined],
])("%j is small talk: %j", (sentence, smallTalk) => {
  expect(understand(sentence, hearing)).toMatchObject({ intent: "UNCLEAR", smallTalk });
});

test.each(["hi, I need a doctor", "help me book a dentist", "thanks, and a doctor tomorrow"])(
  "%j is more than small talk",
  (sentence) => {
    expect(understand(sentence, hearing).intent).toBe("BOOK_APPOINTMENT");
  },
);

test.each([
  ["Book a plumber", "plumber"],
  ["I need a plumber tomorrow at 3", "plumber"],
  ["I'd like to see an electrician, please", "electrician"],
  ["Book a doctor", undefined],
  ["I need an appointment", undefined],
  ["Book me a slot with Dr. Smith", undefined],
  ["I need an early appointment", undefined],
  ["I want a dentist next week", undefined],
])("%j asks for the unknown service %j", (sentence, service) => {
  expect(understand(sentence, hearing).unknownService).toBe(service);
});
