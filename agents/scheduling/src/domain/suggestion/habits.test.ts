// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import type { Appointment, AppointmentStatus } from "../booking/appointment.ts";
import { rank } from "../booking/ranking.ts";
import { dayMs, hourMs } from "../time/time-window.ts";
import { habitsOf } from "./habits.ts";

const monday = Date.parse("2026-01-05T00:00:00Z");
const visit = (providerId: string, day: number, hour: number, status: AppointmentStatus = "COMPLETED"): Appointment => {
  const start = monday + day * dayMs + hour * hourMs;
  const who = {
    userId: "u",
    providerId,
    providerName: providerId,
    serviceType: "doctor",
    slotId: "",
    conversationId: "",
  };
  return {
    appointmentId: `${providerId}${day}`,
    status,
    ...who,
    start,
    end: start + hourMs,
    createdAt: 0,
    updatedAt: 0,
  };
};
const time = (providerId: string, hour: number) => ({
  ...{ providerId, start: monday + 30 * dayMs + hour * hourMs },
  end: monday + 30 * dayMs + (hour + 1) * hourMs,
});
const taste = { wish: { windows: [], stated: false }, preferred: [], liked: [] };

test("whoever was visited again is liked, and the part of the day that stands out is usual, on the person's clock [R14]", () => {
  const bookings = [
    visit("smith", 0, 15),
    visit("weber", 1, 15),
    visit("smith", 2, 16),
    visit("smith", 3, 9, "CANCELLED_BY_USER"),
  ];
  expect(habitsOf(bookings, "UTC")).toEqual({
    ...{ providerIds: ["smith"], hours: { from: "12:00", until: "17:00" }, timeZone: "UTC" },
  });
  expect(habitsOf(bookings, "America/New_York").hours).toEqual({ from: "00:00", until: "12:00" });
  expect(habitsOf(bookings.slice(0, 2), "UTC")).toEqual({ providerIds: [], hours: undefined, timeZone: "UTC" });
});

test("habits decide between times that are otherwise alike, and the offer says so", () => {
  const habits = habitsOf([visit("smith", 0, 15), visit("smith", 1, 15), visit("smith", 2, 15)], "UTC");
  const [best, other] = rank([time("weber", 10), time("smith", 10)], { ...taste, habits }, 2);
  expect(best).toMatchObject({
    providerId: "smith",
    reasoning: expect.arrayContaining(["You have been there before"]),
  });
  expect(other?.reasoning).not.toContain("You have been there before");
  const [afternoon] = rank([time("weber", 10), time("weber", 10.5), time("weber", 14)], { ...taste, habits }, 3).filter(
    ({ reasoning }) => reasoning.includes("At your usual time of day"),
  );
  expect(afternoon?.start).toBe(time("weber", 14).start);
});

test("what a person says beats what they usually do", () => {
  const habits = habitsOf([visit("smith", 0, 15), visit("smith", 1, 15), visit("smith", 2, 15)], "UTC");
  const morning = { start: time("weber", 9).start, end: time("weber", 12).start };
  const said = { ...taste, preferred: ["weber"], wish: { windows: [morning], stated: true }, habits };
  const [best] = rank([time("weber", 10), time("smith", 15)], said, 2);
  expect(best?.providerId).toBe("weber");
});
