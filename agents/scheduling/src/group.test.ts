// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppointmentStatus } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ResourceService } from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { booked, choiceOf, first, outcomeOf, type TestWorld, testWorld } from "./test-world.ts";

const { CONFIRMED, CANCELLED_BY_USER } = AppointmentStatus;
const at = (time: string) => timestampFromMs(Date.parse(`2026-01-${time}:00Z`));

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
  const manage = world.mesh.client(ProviderAgentService, { source: "scheduling.provider" });
  const days = [1, 2, 3, 4, 5];
  for (const providerId of ["prov_yoga_a", "prov_yoga_b"]) {
    await manage.upsertProvider({
      provider: {
        ...{ providerId, name: `Teacher ${providerId.slice(-1).toUpperCase()}`, timeZone: "UTC" },
        services: [
          {
            serviceType: "yoga",
            names: [],
            durationMinutes: 60,
            maxParticipants: 4,
            resourceNeeds: [{ kind: "hall" }],
          },
        ],
        workingHours: days.map((day) => ({ day, hours: { from: "09:00", until: "17:00" } })),
      },
    });
  }
  await world.resources.upsertResource({ resource: { resourceId: "hall_1", name: "Hall", kind: "hall", capacity: 4 } });
  await world.resources.upsertResource({ resource: { resourceId: "beamer", name: "Beamer", kind: "beamer" } });
});
afterAll(() => world[Symbol.asyncDispose]());

async function offersAt(
  userId: string,
  time: string,
  more: { participantIds?: string[]; resourceIds?: string[] } = {},
) {
  const { offers } = await world.scheduling.requestAppointment({
    ...{ userId, serviceType: "yoga", ...more },
    timePreference: { kind: { case: "specific", value: { startTime: at(time) } } },
  });
  return offers;
}

const reservations = async (resourceId: string) => {
  const client = world.mesh.client(ResourceService, { source: "scheduling.main" });
  return (await client.getReservations({ resourceId })).reservations;
};

test("a group is booked with its room and what else it asks for, all at once; everybody sees it and is told [R52]", async () => {
  const party = { participantIds: ["bob", "cleo"], resourceIds: ["beamer"] };
  const offer = first(await offersAt("ann", "06T10:00", party));
  const appointment = booked(await world.scheduling.confirmSlot(choiceOf("ann", offer, party)));
  expect(appointment).toMatchObject({ ...party, resourceIds: ["beamer", "hall_1"], status: CONFIRMED });
  for (const id of ["hall_1", "beamer"])
    expect(await reservations(id)).toMatchObject([{ appointmentId: appointment.appointmentId }]);
  for (const userId of ["ann", "bob", "cleo"]) {
    expect((await world.scheduling.listAppointments({ userId })).appointments).toEqual([appointment]);
    for await (const { notification } of world.users.watchNotifications({ userId })) {
      expect(notification?.appointment?.appointmentId).toBe(appointment.appointmentId);
      break;
    }
  }
  // Somebody leaves; when the one who booked cancels, room and beamer are free again.
  const { appointmentId } = appointment;
  const left = booked(await world.scheduling.cancelAppointment({ userId: "cleo", appointmentId }));
  expect(left).toMatchObject({ participantIds: ["bob"], status: CONFIRMED });
  expect((await world.scheduling.listAppointments({ userId: "cleo" })).appointments).toEqual([]);
  expect(outcomeOf(await world.scheduling.cancelAppointment({ userId: "eve", appointmentId }))).toBe(
    "APPOINTMENT_UNKNOWN",
  );
  expect(booked(await world.scheduling.cancelAppointment({ userId: "ann", appointmentId })).status).toBe(
    CANCELLED_BY_USER,
  );
  for (const id of ["hall_1", "beamer"]) expect(await reservations(id)).toEqual([]);
});

test("one hall, two teachers, many groups at once: one commit takes calendar and hall, so the hall has one booking and no calendar a half one", async () => {
  const offers = await offersAt("nobody", "07T10:00");
  const [one, other] = ["prov_yoga_a", "prov_yoga_b"].map((id) =>
    first(
      offers.filter(({ providerId, startTime }) => providerId === id && startTime?.seconds === at("07T10:00").seconds),
    ),
  );
  if (one === undefined || other === undefined) throw new Error("not both are free");
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      world.scheduling.confirmSlot(choiceOf(`group${index}`, index % 2 === 0 ? one : other)),
    ),
  );
  const outcomes = answers.map(outcomeOf);
  const winners = outcomes.filter((outcome) => typeof outcome !== "string");
  expect(winners).toHaveLength(1);
  const reasons = new Set(outcomes.filter((outcome) => typeof outcome === "string"));
  expect([...reasons].sort()).toEqual(["RESOURCE_TAKEN", "SLOT_TAKEN"]);
  expect(await reservations("hall_1")).toHaveLength(1);
  expect((await offersAt("late", "07T10:00")).map(({ startTime }) => startTime)).not.toContainEqual(at("07T10:00"));
});

test("times at which one of the group has an appointment are not offered, and not booked", async () => {
  const alone = first(await offersAt("dora", "08T10:00"));
  booked(await world.scheduling.confirmSlot(choiceOf("dora", alone)));
  const doctor = await world.scheduling.requestAppointment({
    ...{ userId: "finn", serviceType: "doctor" },
    timePreference: { kind: { case: "specific", value: { startTime: at("08T14:00") } } },
  });
  const busy = first(doctor.offers);
  booked(await world.scheduling.confirmSlot(choiceOf("finn", busy)));
  const together = await offersAt("emil", "08T14:00", { participantIds: ["finn"] });
  expect(together.map(({ startTime }) => startTime)).not.toContainEqual(busy.startTime);
  const forced = first(await offersAt("emil", "08T14:00"));
  const answer = await world.scheduling.confirmSlot(choiceOf("emil", forced, { participantIds: ["finn"] }));
  expect(outcomeOf(answer)).toBe("PARTICIPANT_BUSY");
});

test("groups that are too large, unknown rooms and oneself twice are refused or left out", async () => {
  const participantIds = ["b", "c", "d", "e"];
  expect(await offersAt("a", "09T10:00", { participantIds })).toEqual([]);
  const offer = first(await offersAt("a", "09T10:00"));
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("a", offer, { participantIds })))).toBe(
    "GROUP_TOO_LARGE",
  );
  const unknown = choiceOf("a", offer, { resourceIds: ["nowhere"] });
  await expect(world.scheduling.confirmSlot(unknown)).rejects.toMatchObject({ code: "NOT_FOUND" });
  const twice = choiceOf("a", offer, { participantIds: ["a"] });
  await expect(world.scheduling.confirmSlot(twice)).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
});

test("an appointment moves to another teacher with its room: the old time is free and the new one taken, in one commit", async () => {
  const old = first((await offersAt("gina", "13T10:00")).filter(({ providerId }) => providerId === "prov_yoga_a"));
  const { appointmentId } = booked(await world.scheduling.confirmSlot(choiceOf("gina", old)));
  const target = first((await offersAt("gina", "14T10:00")).filter(({ providerId }) => providerId === "prov_yoga_b"));
  const { slotId } = target;
  const moved = booked(await world.scheduling.rescheduleAppointment({ userId: "gina", appointmentId, slotId }));
  expect(moved).toMatchObject({ providerId: "prov_yoga_b", movedFromId: appointmentId, resourceIds: ["hall_1"] });
  expect((await world.scheduling.listAppointments({ userId: "gina" })).appointments).toEqual([moved]);
  const taken = (await reservations("hall_1")).map((reservation) => reservation.appointmentId);
  expect(taken).toContain(moved.appointmentId);
  expect(taken).not.toContain(appointmentId);
  expect((await offersAt("late", "13T10:00")).map((offer) => offer.slotId.split(".").slice(0, 4))).toContainEqual(
    old.slotId.split(".").slice(0, 4),
  );
  // Said again it is the same; what cannot be had leaves everything as it was.
  const again = await world.scheduling.rescheduleAppointment({ userId: "gina", appointmentId, slotId });
  expect(outcomeOf(again)).toEqual(moved);
  const rival = first(await offersAt("hugo", "15T10:00"));
  booked(await world.scheduling.confirmSlot(choiceOf("hugo", rival)));
  const refused = await world.scheduling.rescheduleAppointment({
    ...{ userId: "gina", appointmentId: moved.appointmentId, slotId: rival.slotId },
  });
  expect(["SLOT_TAKEN", "RESOURCE_TAKEN"]).toContain(outcomeOf(refused));
  const { appointment } = await world.scheduling.getAppointment({ userId: "gina", appointmentId: moved.appointmentId });
  expect(appointment).toEqual(moved);
});

test("when the teacher takes time off, the hall of what cannot take place is free again", async () => {
  const offer = first((await offersAt("ida", "20T10:00")).filter(({ providerId }) => providerId === "prov_yoga_a"));
  const { appointmentId, providerId } = booked(await world.scheduling.confirmSlot(choiceOf("ida", offer)));
  const taken = async () => (await reservations("hall_1")).map((reservation) => reservation.appointmentId);
  expect(await taken()).toContain(appointmentId);
  await world.desk.addTimeOff({ providerId, startTime: at("20T09:00"), endTime: at("20T17:00") });
  await world.mesh.settled();
  expect(await taken()).not.toContain(appointmentId);
});
