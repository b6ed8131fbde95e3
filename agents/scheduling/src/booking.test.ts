// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { toJson } from "@bufbuild/protobuf";
import { FailureReason, type SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
  AppointmentFailedSchema,
  AppointmentRequestedSchema,
  SlotsOfferedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ConverseResponseSchema, Intent } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { expect, test } from "vitest";
import { type TestWorld, testWorld } from "./test-world.ts";

const sentence = "Book a doctor's appointment for tomorrow afternoon";

/** The request that confirms an offer. */
function choice(
  userId: string,
  { slotId, providerId, startTime, endTime }: SlotOffer,
  more: { idempotencyKey?: string } = {},
) {
  return { userId, slotId, providerId, ...(startTime && { startTime }), ...(endTime && { endTime }), ...more };
}

async function firstOffer({ users }: TestWorld, userId = "ann"): Promise<SlotOffer> {
  const { offers } = await users.converse({ userId, text: sentence });
  const [offer] = offers;
  if (offer === undefined) throw new Error("nothing was offered");
  return offer;
}

test("a sentence becomes ranked offers with reasons, as data and as words [R14]", async () => {
  await using world = await testWorld();
  const response = await world.users.converse({ userId: "ann", text: sentence });
  const { reply, understood, offers } = toJson(ConverseResponseSchema, response) as Record<string, never>;
  expect(understood).toEqual({
    intent: "INTENT_BOOK_APPOINTMENT",
    serviceType: "doctor",
    earliest: "2026-01-06T12:00:00Z",
    latest: "2026-01-06T18:00:00Z",
    durationMinutes: 30,
  });
  expect(offers?.[0]).toEqual({
    slotId: "slot.prov_dr_smith.doctor.20260106T120000Z.30.1",
    providerId: "prov_dr_smith",
    providerName: "Dr. Anna Smith",
    serviceType: "doctor",
    startTime: "2026-01-06T12:00:00Z",
    endTime: "2026-01-06T12:30:00Z",
    matchScore: 1,
    reasoning: ["Matches time preference", "Earliest available"],
    version: 1,
    expiresTime: "2026-01-05T09:15:00Z",
  });
  expect(new Set(response.offers.map(({ providerId }) => providerId))).toEqual(
    new Set(["prov_dr_smith", "prov_dr_weber"]),
  );
  expect(reply).toContain("1. tomorrow, Tuesday 6 January, 12:00–12:30 with Dr. Anna Smith");
});

test("a conversation books: both providers are asked, the confirmation is published once and heard by user and provider agent", async () => {
  await using world = await testWorld();
  const { conversationId } = await world.users.converse({ userId: "ann", text: sentence });
  const { reply, appointment, offers } = await world.users.converse({
    userId: "ann",
    text: "the first one",
    conversationId,
  });
  expect(reply).toBe("Your appointment is confirmed: Dr. Anna Smith, tomorrow, Tuesday 6 January, 12:00–12:30 (UTC).");
  expect(offers).toEqual([]);
  expect(appointment).toMatchObject({ userId: "ann", providerId: "prov_dr_smith", conversationId });
  await world.mesh.settled();

  const said = world.mesh.observed.map(({ kind, header, ...more }) => ({
    kind,
    header,
    agent: "agent" in more ? more.agent : "",
  }));
  const asked = said.filter(({ kind, header }) => kind === "called" && header.name.endsWith("/QueryAvailability"));
  expect(asked.map(({ header }) => header.targetAgentId).sort()).toEqual(["pa_prov_dr_smith", "pa_prov_dr_weber"]);
  expect(world.mesh.events.of(AppointmentConfirmedSchema).map((event) => event.appointment?.appointmentId)).toEqual([
    appointment?.appointmentId,
  ]);
  expect(world.mesh.events.of(AppointmentRequestedSchema)).toHaveLength(1);
  expect(world.mesh.events.of(SlotsOfferedSchema)).toHaveLength(1);
  const hearers = said
    .filter(({ kind, header }) => kind === "heard" && header.name === "APPOINTMENT_CONFIRMED")
    .map(({ agent }) => agent);
  // The provider agent hears it twice: to tell the provider, and to complete it at its end.
  expect(hearers.sort()).toEqual(["scheduling.main", "scheduling.provider", "scheduling.provider", "scheduling.user"]);
  // Everything that the sentences caused belongs to the conversation.
  const caused = said.filter(({ header }) => header.causationId !== undefined);
  expect(new Set(caused.map(({ header }) => header.conversationId))).toEqual(new Set([conversationId]));
});

test("user and provider are told in their own local time", async () => {
  await using world = await testWorld();
  const offer = await firstOffer(world);
  await world.scheduling.confirmSlot(choice("ann", offer));
  await world.mesh.settled();
  for await (const { notification } of world.users.watchNotifications({ userId: "ann", timeZone: "Asia/Tokyo" })) {
    expect(notification?.text).toBe(
      "Your appointment is confirmed: Dr. Anna Smith, tomorrow, Tuesday 6 January, 21:00–21:30 (Tokyo time).",
    );
    break;
  }
  for await (const { notification } of world.providers.watchBookings({ providerId: "prov_dr_smith" })) {
    expect(notification?.text).toBe("New appointment: doctor, tomorrow, Tuesday 6 January, 12:00–12:30 (London time).");
    break;
  }
});

test("who watches already is told as it happens, and goes on after the last one they saw", async () => {
  await using world = await testWorld();
  const watch = world.users.watchNotifications({ userId: "ann" })[Symbol.asyncIterator]();
  const first = watch.next();
  const { result } = await world.scheduling.confirmSlot(choice("ann", await firstOffer(world)));
  const told = (await first).value?.notification;
  expect(told?.appointment?.appointmentId).toBe(result.case === "appointment" ? result.value.appointmentId : "");
  await watch.return?.();

  const appointmentId = told?.appointment?.appointmentId ?? "";
  await world.scheduling.cancelAppointment({ userId: "ann", appointmentId });
  const rest = world.users.watchNotifications({ userId: "ann", afterNotificationId: told?.notificationId ?? "" });
  for await (const { notification } of rest) {
    expect(notification?.text).toContain("Your appointment is cancelled");
    break;
  }
});

test("of many who want one slot one gets it; everybody else is told so, with alternatives, and it is announced once [R34]", async () => {
  await using world = await testWorld();
  const offer = await firstOffer(world);
  const everybody = Array.from({ length: 50 }, (_, index) => `user${index}`);
  const answers = await Promise.all(everybody.map((userId) => world.scheduling.confirmSlot(choice(userId, offer))));
  const failures = answers.flatMap(({ result }) => (result.case === "failure" ? result.value : []));
  expect(answers.filter(({ result }) => result.case === "appointment")).toHaveLength(1);
  expect(failures).toHaveLength(49);
  for (const { reason, userMessage, alternatives } of failures) {
    expect(reason).toBe(FailureReason.SLOT_TAKEN);
    expect(userMessage).toBe("Sorry, that slot was just taken. Would you like to try another?");
    expect(alternatives.length).toBeGreaterThan(0);
    expect(alternatives.map(({ slotId }) => slotId)).not.toContain(offer.slotId);
  }
  await world.mesh.settled();
  expect(world.mesh.events.of(AppointmentConfirmedSchema)).toHaveLength(1);
  expect(world.mesh.events.of(AppointmentFailedSchema)).toHaveLength(49);
});

test("confirming again gives the same appointment: with the same key, without one, and by choosing it once more", async () => {
  await using world = await testWorld();
  const offer = await firstOffer(world);
  const ids = [
    await world.scheduling.confirmSlot(choice("ann", offer, { idempotencyKey: "k-1" })),
    await world.scheduling.confirmSlot(choice("ann", offer, { idempotencyKey: "k-1" })),
    await world.scheduling.confirmSlot(choice("ann", offer)),
    await world.users.chooseSlot({ userId: "ann", slotId: offer.slotId }),
  ].map(({ result }) => (result.case === "appointment" ? result.value.appointmentId : result.value?.reason));
  expect(new Set(ids).size).toBe(1);
  const other = await world.scheduling.confirmSlot(choice("bob", offer, { idempotencyKey: "k-1" }));
  expect(other.result.case).toBe("failure");
  await world.mesh.settled();
  expect(world.mesh.events.of(AppointmentConfirmedSchema)).toHaveLength(1);
});

test("a slot that was taken between offer and choice is answered with others, and one of them can be chosen", async () => {
  await using world = await testWorld();
  const { conversationId, offers } = await world.users.converse({ userId: "ann", text: sentence });
  const [wanted] = offers;
  if (wanted !== undefined) await world.scheduling.confirmSlot(choice("bob", wanted));
  const refused = await world.users.converse({ userId: "ann", text: "yes", conversationId });
  expect(refused.reply).toMatch(/^Sorry, that slot was just taken\. Would you like to try another\? \(UTC\)\n1\. /);
  expect(refused.appointment).toBeUndefined();
  const { appointment } = await world.users.converse({ userId: "ann", text: "2", conversationId });
  expect(appointment?.slotId).toBe(refused.offers[1]?.slotId);
});

test("what was understood is kept: the service is asked for, later sentences correct the time", async () => {
  await using world = await testWorld();
  const say = (text: string, conversationId: string) => world.users.converse({ userId: "ann", text, conversationId });
  const asked = await say("I need an appointment tomorrow after 4", "");
  expect(asked.reply).toBe("What kind of appointment would you like: dentist, doctor or physiotherapist?");
  const { conversationId } = asked;
  const offered = await say("the dentist", conversationId);
  expect(offered.understood).toMatchObject({
    intent: Intent.BOOK_APPOINTMENT,
    serviceType: "dentist",
    durationMinutes: 45,
  });
  expect(offered.offers[0]?.slotId).toBe("slot.prov_dr_murphy.dentist.20260106T160000Z.45.1");
  const corrected = await say("rather on Thursday with Dr Rossi", conversationId);
  expect(corrected.understood?.providerIds).toEqual(["prov_dr_rossi"]);
  expect(corrected.offers[0]?.slotId).toBe("slot.prov_dr_rossi.dentist.20260108T160000Z.45.1");
  expect(corrected.offers[0]?.reasoning).toContain("Matches preferred provider");
  expect((await say("no thanks", conversationId)).offers).toEqual([]);
});

test("what is ruled out is not offered: a new day takes the place of the old one, a provider stays out", async () => {
  await using world = await testWorld();
  const { conversationId } = await world.users.converse({ userId: "ann", text: sentence });
  const say = (text: string) => world.users.converse({ userId: "ann", text, conversationId });
  const monday = await say("no, not tomorrow, Monday");
  expect(monday.reply).toMatch(/^These times are free for "Monday 12 January, 12:00–18:00"/);
  const without = await say("after 3pm but not with Dr. Smith");
  expect(without.reply).toMatch(/^These times are free for "Monday 12 January, 15:00–18:00"/);
  const later = await say("rather on Tuesday");
  for (const { offers } of [without, later])
    expect(new Set(offers.map(({ providerId }) => providerId))).toEqual(new Set(["prov_dr_weber"]));
  const asked = await say("not on Tuesday");
  expect(asked.reply).toBe('All right, not "on tuesday". Which day or time would suit you instead?');
  expect(asked.offers).toEqual([]);
});

test("what has been booked is moved by a sentence and a choice, and stands until then; offers move too", async () => {
  await using world = await testWorld();
  const { conversationId } = await world.users.converse({ userId: "ann", text: sentence });
  const say = (text: string) => world.users.converse({ userId: "ann", text, conversationId });
  expect((await say("move it to Thursday")).reply).toMatch(
    /^These times are free for "Thursday 8 January, 12:00–18:00"/,
  );
  const { appointment } = await say("yes");
  expect((await say("move it")).reply).toMatch(/^You have Dr\. .* To which day or time shall I move it\?/);
  const { reply, offers } = await say("to Friday");
  expect(reply).toMatch(/^These times are free for "friday/);
  const listed = await world.scheduling.listAppointments({ userId: "ann" });
  expect(listed.appointments).toEqual([appointment]);
  const moved = await say("the second");
  expect(moved.reply).toMatch(/^Your appointment has moved: Dr\. .*, Friday 9 January/);
  expect(moved.appointment).toMatchObject({ slotId: offers[1]?.slotId });
  const { appointments } = await world.scheduling.listAppointments({ userId: "ann" });
  expect(appointments).toEqual([moved.appointment]);
  expect((await say("thanks")).reply).toBe("You are welcome.");
  // From the time that it has now.
  const start = Number(moved.appointment?.startTime?.seconds);
  expect(Number((await say("move it an hour later")).offers[0]?.startTime?.seconds)).toBe(start + 3_600);
  await say("no thanks");
  expect((await say("Cancel my appointment")).reply).toMatch(/^Your appointment is cancelled/);
});

test("a choice that fits several offers is asked back, with those alone", async () => {
  await using world = await testWorld();
  const { conversationId } = await world.users.converse({ userId: "ann", text: sentence });
  const which = await world.users.converse({ userId: "ann", text: "the one with Dr Weber", conversationId });
  expect(which.reply).toMatch(/^Which of these do you mean/);
  expect(which.offers.map(({ providerId }) => providerId)).toEqual(["prov_dr_weber", "prov_dr_weber"]);
  const { appointment } = await world.users.converse({ userId: "ann", text: "2", conversationId });
  expect(appointment?.slotId).toBe(which.offers[1]?.slotId);
});

test("a time that was cancelled can be booked again from the old offer", async () => {
  await using world = await testWorld();
  const offer = await firstOffer(world);
  const book = async () => {
    const { result } = await world.scheduling.confirmSlot(choice("ann", offer));
    return result.case === "appointment" ? result.value.appointmentId : "";
  };
  const first = await book();
  await world.scheduling.cancelAppointment({ userId: "ann", appointmentId: first });
  const second = await book();
  expect(second).not.toBe(first);
  expect(
    (await world.scheduling.listAppointments({ userId: "ann" })).appointments.map(({ appointmentId }) => appointmentId),
  ).toEqual([second]);
});

test("everybody is known, however many there are", async () => {
  await using world = await testWorld();
  const client = world.mesh.client(ProviderAgentService, { source: "scheduling.provider" });
  const services = [{ serviceType: "haircut", names: [], durationMinutes: 20 }];
  for (let number = 0; number < 250; number += 1) {
    const provider = {
      providerId: `z${String(number).padStart(3, "0")}`,
      name: `Barber No${number}x`,
      timeZone: "UTC",
      services,
    };
    await client.upsertProvider({ provider });
  }
  const { understood } = await world.users.converse({ userId: "ann", text: "a haircut with No249x" });
  expect(understood?.providerIds).toEqual(["z249"]);
});

test("when nothing is free at the wished time the nearest times are offered, and it is said", async () => {
  await using world = await testWorld();
  const { reply, offers } = await world.users.converse({ userId: "ann", text: "a physio on Sunday" });
  expect(reply).toMatch(/^Nothing is free for "on sunday", but these times are near/);
  expect(offers.length).toBeGreaterThan(0);
  for (const { reasoning } of offers) expect(reasoning).not.toContain("Matches time preference");
});

test("appointments are listed, and cancelled by a sentence; the time is free again", async () => {
  await using world = await testWorld();
  const say = (text: string, conversationId = "") => world.users.converse({ userId: "ann", text, conversationId });
  expect((await say("what are my appointments?")).reply).toBe("You have no appointments coming up.");
  const doctor = await say(sentence);
  await say("the first", doctor.conversationId);
  const dentist = await say("dentist tomorrow at 10");
  await say("yes", dentist.conversationId);
  const listed = await say("what are my appointments?");
  expect(listed.reply).toContain("2. tomorrow, Tuesday 6 January, 12:00–12:30 with Dr. Anna Smith");

  const which = await say("please cancel my appointment", listed.conversationId);
  expect(which.reply).toMatch(/^Which one shall I cancel/);
  expect((await say("yes", listed.conversationId)).reply).toMatch(/^Which one shall I cancel/);
  const cancelled = await say("the second", listed.conversationId);
  expect(cancelled.reply).toContain("Your appointment is cancelled: Dr. Anna Smith");
  expect((await say("cancel the dentist")).reply).toContain("Your appointment is cancelled: Dr. Giulia Rossi");
  await world.mesh.settled();
  expect(world.mesh.events.of(AppointmentCancelledSchema)).toHaveLength(2);
  expect((await firstOffer(world)).startTime).toEqual(doctor.offers[0]?.startTime);
});

test("GetAppointment and ListAppointments give what ConfirmSlot gave, to its user only", async () => {
  await using world = await testWorld();
  const { result } = await world.scheduling.confirmSlot(choice("ann", await firstOffer(world)));
  const appointment = result.case === "appointment" ? result.value : undefined;
  const appointmentId = appointment?.appointmentId ?? "";
  expect((await world.scheduling.getAppointment({ userId: "ann", appointmentId })).appointment).toEqual(appointment);
  expect((await world.scheduling.listAppointments({ userId: "ann" })).appointments).toEqual([appointment]);
  await expect(world.scheduling.getAppointment({ userId: "bob", appointmentId })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  expect((await world.scheduling.listAppointments({ userId: "bob" })).appointments).toEqual([]);
  const refused = await world.scheduling.cancelAppointment({ userId: "bob", appointmentId });
  expect(refused.result).toMatchObject({ case: "failure", value: { reason: FailureReason.APPOINTMENT_UNKNOWN } });
});
