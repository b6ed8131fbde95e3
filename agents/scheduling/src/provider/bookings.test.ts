// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescMessage } from "@bufbuild/protobuf";
import {
  ReleaseBookingRequestSchema,
  RequestBookingRequestSchema,
} from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Context } from "@parley/mesh";
import { expect, test } from "vitest";
import { keepBookings } from "./bookings.ts";
import { Calendars } from "./calendars.ts";

const workingHours = [{ day: 2, hours: { from: "09:00", until: "17:00" } }];
const services = [{ serviceType: "doctor", names: [], durationMinutes: 30 }];
const provider = { providerId: "smith", name: "Dr. Smith", aliases: [], timeZone: "UTC", services, workingHours };

/** A context of which the first publish fails; no broker can be made to refuse just that one. */
function contextThatFailsOnce(published: string[]) {
  let failed = false;
  return {
    clock: { now: () => Date.parse("2026-01-05T09:00:00Z") },
    logger: { warn: () => {} },
    async publish(event: DescMessage) {
      if (failed) published.push(event.name);
      else {
        failed = true;
        throw new Error("the broker is gone");
      }
    },
  } as unknown as Context;
}

test("what could not be announced is announced by the repeat, and only by the first one", async () => {
  const calendars = new Calendars();
  calendars.commit("smith", () => ({ events: [{ kind: "provider-described", provider }], reply: undefined }));
  const bookings = keepBookings(calendars);
  const published: string[] = [];
  const request = create(RequestBookingRequestSchema, {
    userId: "ann",
    slotId: "slot.smith.doctor.20260106T120000Z.30.1",
    idempotencyKey: "k",
  });
  const booking = contextThatFailsOnce(published);
  await expect(bookings.requestBooking(request, booking)).rejects.toThrow("the broker is gone");
  const { result } = await bookings.requestBooking(request, booking);
  await bookings.requestBooking(request, booking);
  expect(published).toEqual(["AppointmentConfirmed"]);

  const appointmentId = result?.case === "appointment" ? (result.value.appointmentId ?? "") : "";
  const cancel = create(ReleaseBookingRequestSchema, { userId: "ann", appointmentId });
  const releasing = contextThatFailsOnce(published);
  await expect(bookings.releaseBooking(cancel, releasing)).rejects.toThrow("the broker is gone");
  await bookings.releaseBooking(cancel, releasing);
  await bookings.releaseBooking(cancel, releasing);
  expect(published).toEqual(["AppointmentConfirmed", "AppointmentCancelled"]);
});
