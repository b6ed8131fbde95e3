// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  AppointmentStatus,
  FailureReason,
  type SlotOffer,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentConfirmedSchema,
  ReleaseReason,
  SlotHeldSchema,
  SlotReleasedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { choiceOf, first, outcomeOf, type TestWorld, testWorld } from "./test-world.ts";

const sentence = "Book a doctor's appointment for tomorrow afternoon";
const minuteMs = 60_000;
const { REQUESTED, OFFERED, SELECTED, CONFIRMED, FAILED, CANCELLED_BY_USER } = AppointmentStatus;

let world: TestWorld;
beforeAll(async () => {
  world = await testWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** What a new user is offered in a new conversation. */
async function ask(
  userId: string,
  text = sentence,
): Promise<{ conversationId: string; offer: SlotOffer; offers: readonly SlotOffer[] }> {
  const { conversationId, offers } = await world.users.converse({ userId, text });
  return { conversationId, offers, offer: first(offers) };
}

async function stages(userId: string, conversationId: string): Promise<readonly AppointmentStatus[]> {
  const { negotiation } = await world.scheduling.getNegotiation({ userId, conversationId });
  return negotiation?.history.map(({ stage }) => stage) ?? [];
}

test("a negotiation goes from requested over offered and selected to confirmed, and on to how the appointment ends [R14]", async () => {
  const { conversationId } = await ask("ann");
  expect(await stages("ann", conversationId)).toEqual([REQUESTED, OFFERED]);
  const { appointment } = await world.users.converse({ userId: "ann", text: "the first one", conversationId });
  expect(await stages("ann", conversationId)).toEqual([REQUESTED, OFFERED, SELECTED, CONFIRMED]);
  await world.users.converse({ userId: "ann", text: "cancel it", conversationId });
  await world.mesh.settled();
  expect(await stages("ann", conversationId)).toEqual([REQUESTED, OFFERED, SELECTED, CONFIRMED, CANCELLED_BY_USER]);
  const { negotiation } = await world.scheduling.getNegotiation({ userId: "ann", conversationId });
  expect(negotiation).toMatchObject({ appointmentId: appointment?.appointmentId, serviceType: "doctor" });
  await expect(world.scheduling.getNegotiation({ userId: "eve", conversationId })).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
});

test("a negotiation whose slot is taken fails with a reason and goes on with other offers", async () => {
  const { conversationId, offer } = await ask("bea");
  await world.scheduling.confirmSlot(choiceOf("ben", offer));
  const { reply, offers } = await world.users.converse({ userId: "bea", text: "yes", conversationId });
  expect(reply).toMatch(/^Sorry, that slot was just taken/);
  expect(await stages("bea", conversationId)).toEqual([REQUESTED, OFFERED, SELECTED, FAILED, OFFERED]);
  const { negotiation } = await world.scheduling.getNegotiation({ userId: "bea", conversationId });
  expect(negotiation?.history.at(-2)?.reason).toBe(FailureReason.SLOT_TAKEN);
  expect(negotiation?.offers.map(({ slotId }) => slotId)).toEqual(offers.map(({ slotId }) => slotId));
});

test("what is held for somebody can be booked by nobody else, who is told so kindly and offered other times", async () => {
  const { offer, conversationId } = await ask("carl");
  const held = await world.scheduling.selectSlot({ userId: "carl", slotId: offer.slotId, conversationId });
  expect(held.result.case).toBe("untilTime");
  expect(await stages("carl", conversationId)).toEqual([REQUESTED, OFFERED, SELECTED]);
  // Asked again, it is not held longer.
  expect((await world.scheduling.selectSlot({ userId: "carl", slotId: offer.slotId })).result).toEqual(held.result);

  const other = await world.scheduling.confirmSlot(choiceOf("dora", offer));
  const failure = other.result.case === "failure" ? other.result.value : undefined;
  expect(failure?.reason).toBe(FailureReason.SLOT_HELD);
  expect(failure?.userMessage).toMatch(/^Sorry, somebody else is just about to take that slot/);
  expect(failure?.alternatives.length).toBeGreaterThan(0);
  expect((await ask("dora")).offers.map(({ slotId }) => slotId)).not.toContain(offer.slotId);

  const booked = await world.scheduling.confirmSlot(choiceOf("carl", offer, { conversationId }));
  expect(outcomeOf(booked)).toMatchObject({ userId: "carl", status: CONFIRMED });
  await world.mesh.advance(3 * minuteMs);
  // The hold ended with the booking: its end by time is no event any more.
  const { holdId } = first(world.mesh.events.of(SlotHeldSchema).filter(({ userId }) => userId === "carl"));
  expect(world.mesh.events.of(SlotReleasedSchema).filter((event) => event.holdId === holdId)).toEqual([]);
});

test("a hold that is not confirmed ends by itself after two minutes, as an event, and the time is free again", async () => {
  const { offer } = await ask("emma");
  await world.scheduling.selectSlot({ userId: "emma", slotId: offer.slotId });
  await world.mesh.advance(2 * minuteMs - 1);
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("finn", offer)))).toBe("SLOT_HELD");
  await world.mesh.advance(1);
  const { holdId } = first(world.mesh.events.of(SlotHeldSchema).filter(({ userId }) => userId === "emma"));
  expect(await world.mesh.heard(SlotReleasedSchema, { holdId })).toMatchObject({ reason: ReleaseReason.EXPIRED });
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("finn", offer)))).toMatchObject({ userId: "finn" });
  expect(outcomeOf(await world.scheduling.confirmSlot(choiceOf("emma", offer)))).toBe("SLOT_TAKEN");
});

test("when a hold expires while its user and somebody else confirm, exactly one gets the slot, whoever comes first", async () => {
  for (let round = 0; round < 5; round++) {
    const [holder, rival] = [`holder${round}`, `rival${round}`];
    const { offer } = await ask(holder);
    await world.scheduling.selectSlot({ userId: holder, slotId: offer.slotId });
    await world.mesh.advance(2 * minuteMs - 1);
    // The command that ends the hold runs at the very moment at which both confirm.
    const [mine, theirs] = await Promise.all([
      world.scheduling.confirmSlot(choiceOf(holder, offer)),
      world.scheduling.confirmSlot(choiceOf(rival, offer)),
      world.mesh.clock.advance(1),
    ]);
    const outcomes = [outcomeOf(mine), outcomeOf(theirs)];
    expect(outcomes.filter((outcome) => typeof outcome !== "string")).toHaveLength(1);
    expect(["SLOT_TAKEN", "SLOT_HELD"]).toContain(outcomes.find((outcome) => typeof outcome === "string"));
    await world.mesh.settled();
    const { slotId } = offer;
    const confirmed = world.mesh.events.of(AppointmentConfirmedSchema);
    expect(confirmed.filter(({ appointment }) => appointment?.slotId === slotId)).toHaveLength(1);
  }
});

test("an offer can be chosen for a quarter of an hour; later it has expired, and fresh ones are offered", async () => {
  const { conversationId, offer } = await ask("gina");
  await world.mesh.advance(15 * minuteMs);
  const { reply, offers, appointment } = await world.users.converse({ userId: "gina", text: "yes", conversationId });
  expect(reply).toMatch(/^Sorry, that offer is too old by now\. Would you like one of these\?/);
  expect(appointment).toBeUndefined();
  expect(offers.length).toBeGreaterThan(0);
  const again = await world.users.converse({ userId: "gina", text: "the first", conversationId });
  expect(again.appointment).toBeDefined();
  const failed = await world.scheduling.getNegotiation({ userId: "gina", conversationId });
  expect(failed.negotiation?.history.map(({ reason }) => reason)).toContain(FailureReason.OFFER_EXPIRED);
  expect(offer.expiresTime).toBeDefined();
});

test("a time that nobody was offered is as good as an offer if it is free, and refused if it is none of the provider's", async () => {
  const { offer } = await ask("hugo");
  const { providerId } = offer;
  const at = (text: string) => ({
    slotId: `slot.${providerId}.doctor.${text}.30.1`,
    startTime: { seconds: BigInt(Date.parse(`2026-01-14T${text.slice(9, 11)}:${text.slice(11, 13)}:00Z`) / 1000) },
    endTime: { seconds: BigInt(Date.parse(`2026-01-14T${text.slice(9, 11)}:${text.slice(11, 13)}:00Z`) / 1000 + 1800) },
  });
  const choose = (text: string) => world.scheduling.confirmSlot({ userId: "hugo", providerId, ...at(text) });
  expect(outcomeOf(await choose("20260114T100000Z"))).toMatchObject({ status: CONFIRMED });
  expect(outcomeOf(await choose("20260114T030000Z"))).toBe("SLOT_NOT_OFFERED");
  expect(outcomeOf(await choose("20260114T101000Z"))).toBe("SLOT_NOT_OFFERED");
});
