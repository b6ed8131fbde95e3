// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SuggestionProposedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { WorkingHoursSchema } from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { expect, test } from "vitest";
import { booked, choiceOf, first, sampleProvider, type TestWorld, testWorld } from "./test-world.ts";

const providerId = "prov_dr_smith";
const hourMs = 3_600_000;
const at = (time: string) => timestampFromMs(Date.parse(`2026-01-${time}:00Z`));

const suggested = ({ mesh }: TestWorld) =>
  mesh.events.of(SuggestionProposedSchema).map(({ userId, offer }) => ({ userId, start: offer?.startTime }));

/** Takes time off and gives it up again: the provider has new time. */
async function open({ desk, mesh }: TestWorld, from: string, until: string): Promise<void> {
  const timeOffId = `from-${from.replaceAll(":", "")}`;
  await desk.addTimeOff({ providerId, timeOffId, startTime: at(from), endTime: at(until) });
  await mesh.settled();
  await desk.removeTimeOff({ providerId, timeOffId });
  await mesh.settled();
}

const likes = (world: TestWorld, userId: string, more: object = {}) =>
  world.users.setPreferences({ preferences: { userId, preferredProviderIds: [providerId], ...more } });

test("whoever likes a provider is told of new time that suits them, at most once on a day of theirs, and not if they want none [R52]", async () => {
  await using world = await testWorld();
  await likes(world, "ann");
  await likes(world, "bob", { noSuggestions: true });
  await likes(world, "cleo", { preferredHours: [{ days: [], hours: { from: "15:00", until: "24:00" } }] });
  // It is 9:00 UTC on Monday; in Auckland that is 22:00, and the day ends in two hours.
  await likes(world, "dora", { timeZone: "Pacific/Auckland" });
  await open(world, "06T09:00", "06T18:00");
  const startOf = (userId: string) =>
    suggested(world)
      .filter((one) => one.userId === userId)
      .map(({ start }) => start);
  expect(startOf("ann")).toEqual([at("06T09:00")]);
  expect(startOf("bob")).toEqual([]);
  expect(startOf("cleo")).toEqual([at("06T15:00")]);
  expect(startOf("dora")).toEqual([at("06T09:00")]);

  await open(world, "07T09:00", "07T18:00");
  expect(suggested(world)).toHaveLength(3);
  await world.mesh.advance(3 * hourMs);
  await open(world, "08T09:00", "08T18:00");
  expect(startOf("dora")).toEqual([at("06T09:00"), at("08T09:00")]);
  expect(startOf("ann")).toHaveLength(1);

  // "No, and no more": the next day brings nothing.
  const [suggestionId = ""] = world.mesh.events.of(SuggestionProposedSchema).map((one) => one.suggestionId);
  const no = await world.users.respondToSuggestion({ userId: "ann", suggestionId, accept: false, noMore: true });
  expect(no).toMatchObject({
    reply: "All right, I book nothing. I will suggest no more.",
    result: { case: undefined },
  });
  await world.mesh.advance(24 * hourMs);
  await open(world, "09T09:00", "09T18:00");
  expect(startOf("ann")).toHaveLength(1);
  expect(startOf("cleo")).toHaveLength(2);
  const { preferences } = await world.users.getPreferences({ userId: "ann" });
  expect(preferences).toMatchObject({ preferredProviderIds: [providerId], noSuggestions: true });
  const unknown = world.users.respondToSuggestion({ userId: "ann", suggestionId: "sug-none", accept: true });
  await expect(unknown).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("who came twice likes a provider too; who has an appointment to come is not told, nor whoever gave the time up", async () => {
  await using world = await testWorld();
  const book = async (userId: string, time: string) => {
    const { offers } = await world.scheduling.requestAppointment({
      ...{ userId, serviceType: "doctor", preferredProviderIds: [providerId] },
      timePreference: { kind: { case: "specific", value: { startTime: at(time) } } },
    });
    return booked(await world.scheduling.confirmSlot(choiceOf(userId, first(offers))));
  };
  await book("emil", "05T10:00");
  await book("emil", "05T11:00");
  await book("finn", "05T12:00");
  await world.mesh.advance(9 * hourMs);
  const { appointmentId } = await book("gina", "06T10:00");
  await likes(world, "gina");
  await likes(world, "hugo");
  await book("hugo", "06T12:00");
  await world.scheduling.cancelAppointment({ userId: "gina", appointmentId });
  await world.mesh.settled();
  expect(suggested(world)).toEqual([{ userId: "emil", start: at("06T10:00") }]);
});

test("whoever says that they like a provider is told of what opens the moment after", async () => {
  await using world = await testWorld();
  const main = world.mesh.client(SchedulingAgentService, { source: "scheduling.main" });
  const windows = [{ startTime: at("06T09:00"), endTime: at("06T18:00") }];
  for (const userId of ["kim", "lea", "max", "ned", "ole", "pia", "rob", "sue"]) {
    await likes(world, userId);
    expect(await main.suggestOpening({ providerId, windows })).toMatchObject({ suggested: 1 });
  }
});

test("longer hours are new time as well", async () => {
  await using world = await testWorld();
  await likes(world, "ida");
  const manage = world.mesh.client(ProviderAgentService, { source: "scheduling.provider" });
  const provider = sampleProvider(providerId);
  provider.workingHours.push(create(WorkingHoursSchema, { day: 2, hours: { from: "18:00", until: "20:00" } }));
  await manage.upsertProvider({ provider });
  await world.mesh.heard(SuggestionProposedSchema);
  await world.mesh.settled();
  expect(suggested(world)).toEqual([{ userId: "ida", start: at("06T18:00") }]);
});
