// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import type { Appointment, AppointmentStatus } from "../booking/appointment.ts";
import { concerns, evolveNegotiation, type NegotiationEvent, newNegotiation } from "./negotiation.ts";

const settled = (stage: AppointmentStatus, appointmentId = "a"): NegotiationEvent => ({
  kind: "settled",
  stage,
  appointmentId,
  at: 2,
});
const selected: NegotiationEvent = { kind: "selected", slotId: "s", at: 1 };
const after = (...events: readonly NegotiationEvent[]) => events.reduce(evolveNegotiation, newNegotiation);

function appointment(status: AppointmentStatus, appointmentId = "a"): Appointment {
  return {
    ...{ appointmentId, status, start: 10, end: 20, createdAt: 1, updatedAt: 1, userId: "ann" },
    ...{ providerId: "p", providerName: "P", serviceType: "doctor", slotId: "s", conversationId: "c" },
  };
}

test("a confirmation that is heard late, or again, does not bring back an appointment that is over", () => {
  for (const end of ["CANCELLED_BY_USER", "CANCELLED_BY_PROVIDER", "COMPLETED", "FAILED"] as const) {
    const over = after(selected, settled("CONFIRMED"), settled(end));
    expect(concerns(over, appointment("CONFIRMED"))).toBe(false);
    expect(concerns(evolveNegotiation(over, selected), appointment("CONFIRMED"))).toBe(false);
    expect(concerns(over, appointment("CONFIRMED", "b"))).toBe(true);
  }
});

test("an appointment is confirmed once, and once more when it was moved", () => {
  expect(concerns(after(selected), appointment("CONFIRMED"))).toBe(true);
  const confirmed = after(selected, settled("CONFIRMED"));
  expect(concerns(confirmed, appointment("CONFIRMED"))).toBe(false);
  expect(concerns(after(selected, settled("CONFIRMED"), selected), appointment("CONFIRMED"))).toBe(true);
  expect(concerns(confirmed, appointment("CANCELLED_BY_USER"))).toBe(true);
});

test("what becomes of an earlier request's appointment does not end a later request", () => {
  const again = after(settled("CONFIRMED"), {
    kind: "requested",
    requestId: "r",
    serviceType: "doctor",
    participantIds: [],
    resourceIds: [],
    at: 3,
  });
  expect(concerns(again, appointment("CANCELLED_BY_USER"))).toBe(false);
});
