// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { ProviderSchema } from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import { expect, test } from "vitest";
import { demo } from "./demo.ts";
import { freeTimes } from "./domain/booking/availability.ts";
import { dayMs, hourMs } from "./domain/time/time-window.ts";
import { providerFrom } from "./messages/provider-message.ts";
import { sampleProviders, seed } from "./sample-world.ts";
import { testWorld } from "./test-world.ts";

const providers = sampleProviders.map((init) => providerFrom(create(ProviderSchema, init)));
const offering = (serviceType: string) =>
  providers.filter(({ services }) => services.some((service) => service.serviceType === serviceType));

test("there are two doctors, two dentists and a physiotherapist, with various hours and zones", () => {
  expect(["doctor", "dentist", "physiotherapist"].map((service) => offering(service).length)).toEqual([2, 2, 1]);
  expect(new Set(providers.map(({ timeZone }) => timeZone)).size).toBe(5);
});

test("every afternoon of every day of the year has room with both doctors", () => {
  for (let day = Date.parse("2026-01-01T00:00:00Z"); day < Date.parse("2027-01-01T00:00:00Z"); day += dayMs) {
    const windows = [{ start: day + 12 * hourMs, end: day + 18 * hourMs }];
    for (const doctor of offering("doctor")) {
      const times = freeTimes(doctor, [], { windows, durationMinutes: 30, now: day, most: 100 });
      expect(times.length, `${doctor.name} on ${new Date(day).toISOString()}`).toBeGreaterThan(8);
    }
  }
});

test("the demo books by conversation, again and again, and both agents hear of it", async () => {
  await using world = await testWorld();
  await seed(world.mesh);
  const slots: string[] = [];
  for (let time = 0; time < 3; time += 1) {
    const said: string[] = [];
    const result = await demo(world.mesh, { says: (who, sentence) => said.push(`${who}: ${sentence}`) });
    expect(new Set(result.offers.map(({ providerId }) => providerId))).toEqual(
      new Set(["prov_dr_smith", "prov_dr_weber"]),
    );
    expect(result.toldUser.text).toContain("Your appointment is confirmed");
    expect(result.toldProvider.text).toContain("New appointment: doctor");
    expect(said).toHaveLength(4);
    slots.push(result.appointment.slotId);
  }
  expect(new Set(slots).size).toBe(3);
});
