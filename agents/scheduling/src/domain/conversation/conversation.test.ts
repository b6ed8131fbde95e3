// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import type { Appointment } from "../booking/appointment.ts";
import type { Offer } from "../booking/offer.ts";
import type { Understood } from "../sentence/understand.ts";
import { type ConversationEvent, evolve, newConversation, requestAfter } from "./conversation.ts";

const offer = { slotId: "s", providerId: "p" } as Offer;
const appointment = { appointmentId: "p.a" } as Appointment;
const heard: ConversationEvent = { kind: "heard", userId: "ann", timeZone: "Europe/Berlin" };
const requested: ConversationEvent = { kind: "requested", request: { serviceType: "doctor", providerIds: [] } };
const fold = (...events: readonly ConversationEvent[]) => events.reduce(evolve, newConversation);
const said = (more: Partial<Understood>): Understood => ({
  intent: "BOOK_APPOINTMENT",
  serviceTypes: [],
  providerIds: [],
  ...more,
});

test("a booking goes from requested over offered and selected to confirmed, and the next request begins anew", () => {
  const steps: readonly ConversationEvent[] = [
    heard,
    requested,
    { kind: "offered", offers: [offer] },
    { kind: "selected", slotId: "s" },
    { kind: "confirmed", appointment },
  ];
  expect(steps.map((_, index) => fold(...steps.slice(0, index + 1)).stage)).toEqual([
    "NEW",
    "REQUESTED",
    "OFFERED",
    "SELECTED",
    "CONFIRMED",
  ]);
  expect(fold(...steps)).toMatchObject({
    userId: "ann",
    timeZone: "Europe/Berlin",
    offers: [],
    request: { providerIds: [] },
    appointment,
  });
});

test("after a failure the alternatives may be chosen", () => {
  const failure = { reason: "SLOT_TAKEN", userMessage: "", alternatives: [offer] } as const;
  expect(fold(heard, requested, { kind: "failed", failure })).toMatchObject({ stage: "FAILED", offers: [offer] });
});

test("a new request and a refusal take the offers back", () => {
  expect(fold(requested, { kind: "offered", offers: [offer] }, requested).offers).toEqual([]);
  expect(fold(requested, { kind: "offered", offers: [offer] }, { kind: "declined" }).offers).toEqual([]);
});

test("a later sentence adds to the request; another service begins a new one at the same time", () => {
  const when = { text: "tomorrow", days: { spans: [], weekdays: [] } };
  const first = requestAfter(
    { providerIds: [] },
    said({ serviceTypes: ["doctor"], providerIds: ["p"], durationMinutes: 45, when }),
  );
  expect(requestAfter(first, said({}))).toEqual(first);
  expect(requestAfter(first, said({ serviceTypes: ["dentist"] }))).toEqual({
    serviceType: "dentist",
    providerIds: [],
    durationMinutes: undefined,
    when,
  });
});
