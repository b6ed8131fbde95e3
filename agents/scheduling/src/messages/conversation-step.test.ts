// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ConversationStepSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { expect, test } from "vitest";
import type { Appointment } from "../domain/booking/appointment.ts";
import type { Offer } from "../domain/booking/offer.ts";
import type { ConversationEvent } from "../domain/conversation/conversation.ts";
import { conversationEventOf, conversationStep } from "./conversation-step.ts";

const start = Date.parse("2026-01-06T12:00:00Z");
const slot = { slotId: "s", providerId: "p", providerName: "P", serviceType: "doctor", start, end: start + 1_800_000 };
const offer: Offer = { ...slot, matchScore: 0.5, reasoning: ["Earliest available"], version: 3 };
const appointment: Appointment = {
  ...slot,
  ...{ appointmentId: "p.a", status: "CONFIRMED", userId: "ann", conversationId: "c", createdAt: 1, updatedAt: 2 },
};
const nothingSaid = { serviceType: undefined, providerIds: [], durationMinutes: undefined, when: undefined };
const noTime = { days: undefined, hours: undefined, at: undefined, moment: undefined };

const events: readonly ConversationEvent[] = [
  { kind: "heard", userId: "ann", timeZone: "Europe/Berlin" },
  { kind: "requested", request: nothingSaid },
  {
    kind: "requested",
    request: {
      ...{ serviceType: "doctor", providerIds: ["p"], durationMinutes: 30 },
      when: {
        ...{ ...noTime, hours: { from: "12:00", until: "18:00" }, text: "tomorrow afternoon" },
        days: { spans: [{ first: "2026-01-06", last: "2026-01-07" }], weekdays: [1, 2] },
      },
    },
  },
  // Any day at all is something else than nothing said of days.
  {
    kind: "requested",
    request: { ...nothingSaid, when: { ...noTime, days: { spans: [], weekdays: [] }, text: "asap" } },
  },
  { kind: "requested", request: { ...nothingSaid, when: { ...noTime, at: "15:00", text: "at 3" } } },
  { kind: "requested", request: { ...nothingSaid, when: { ...noTime, moment: start, text: "in two hours" } } },
  { kind: "offered", offers: [offer, { ...offer, slotId: "t" }] },
  { kind: "selected", slotId: "s" },
  { kind: "confirmed", appointment },
  { kind: "failed", failure: { reason: "SLOT_TAKEN", userMessage: "Sorry", alternatives: [offer] } },
  { kind: "declined" },
  { kind: "which-to-cancel", appointments: [appointment, { ...appointment, status: "CANCELLED_BY_USER" }] },
  { kind: "cancelled" },
  { kind: "moving", appointment },
];

test.each(events)("$kind comes back from the journal as it was", (event) => {
  const stored = toBinary(ConversationStepSchema, conversationStep(event));
  expect(conversationEventOf(fromBinary(ConversationStepSchema, stored))).toEqual(event);
});

test("a step of a newer version is not skipped", () => {
  expect(() => conversationEventOf(create(ConversationStepSchema, {}))).toThrow(
    expect.objectContaining({ code: "JOURNAL_AHEAD" }),
  );
});
