// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import type { Offer } from "../booking/offer.ts";
import { failedReply, listed, noSuchOfferReply, offersReply, whichServiceReply } from "./replies.ts";

const reader = { now: Date.parse("2026-11-21T23:30:00Z"), timeZone: "Europe/Berlin" };
const start = Date.parse("2026-11-22T14:00:00Z");
const offer: Offer = {
  ...{ slotId: "s", providerId: "p", providerName: "Dr. Anna Smith", serviceType: "doctor", version: 1 },
  ...{ start, end: start + 1_800_000, matchScore: 1, reasoning: ["Matches time preference"] },
};
const later = {
  ...offer,
  start: Date.parse("2027-01-04T08:00:00Z"),
  end: Date.parse("2027-01-04T08:30:00Z"),
  reasoning: ["Available"],
};

test("offers are numbered, in the reader's own time, with names", () => {
  const reply = offersReply(
    { offers: [offer, later], withinPreference: true, wish: "tomorrow afternoon", remarks: [] },
    reader,
  );
  expect(reply).toBe(`These times are free for "tomorrow afternoon" (Berlin time):
1. today, Sunday 22 November, 15:00–15:30 with Dr. Anna Smith (Matches time preference)
2. Monday 4 January 2027, 09:00–09:30 with Dr. Anna Smith (Available)
Which one shall I book? "Yes" takes the first.`);
});

test("offers outside the wish say so, and none ask for another wish", () => {
  expect(
    offersReply({ offers: [offer], withinPreference: false, wish: "tonight", remarks: ["Note."] }, reader),
  ).toMatch(/^Note\. Nothing is free for "tonight", but these times are near/);
  expect(offersReply({ offers: [], withinPreference: false, remarks: [] }, reader)).toContain(
    "Would another day or time suit you?",
  );
});

test("a failure comes with its alternatives", () => {
  const failure = {
    reason: "SLOT_TAKEN",
    userMessage: "Sorry, that slot was just taken.",
    alternatives: [offer],
  } as const;
  expect(failedReply(failure, { ...reader, timeZone: "UTC" })).toBe(
    "Sorry, that slot was just taken. (UTC)\n1. tomorrow, Sunday 22 November, 14:00–14:30 with Dr. Anna Smith (Matches time preference)",
  );
  expect(failedReply({ ...failure, alternatives: [] }, reader)).toBe("Sorry, that slot was just taken.");
});

test("questions name what can be answered", () => {
  expect(whichServiceReply(["dentist", "doctor", "physiotherapist"], "Nobody")).toBe(
    "I do not know anybody called Nobody. What kind of appointment would you like: dentist, doctor or physiotherapist?",
  );
  expect(whichServiceReply([])).toContain("nobody to book");
  expect(noSuchOfferReply(3)).toContain("1 to 3");
  expect(noSuchOfferReply(1)).toContain("only one");
  expect([listed([], "and"), listed(["a"], "and"), listed(["a", "b"], "or")]).toEqual(["", "a", "a or b"]);
});
