// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FailureReason, type SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentConfirmedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { type Client, type Host, host } from "@parley/mesh";
import { deleteNamespace } from "@parley/mesh/broker";
import { EventRecorder } from "@parley/mesh/testing";
import { seed, userAgent } from "@parley/scheduling";
import { expect, inject, onTestFinished, test } from "vitest";
import { until } from "../tools/until.ts";

const broker = inject("natsUrl");
const usersForEachSlot = 6;

/** Starts the process that keeps the calendars; it is killed when the test ends. */
async function startAgents(namespace: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL("../programs/hosts-scheduling.ts", import.meta.url)), {
    env: { ...process.env, HOST_BROKER: broker, HOST_NAMESPACE: namespace },
  });
  onTestFinished(() => kill(child));
  const [said] = await once(child, "message");
  expect(said).toBe("ready");
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

async function startUsers(namespace: string): Promise<Host> {
  const users = await host({ agents: [userAgent()], broker, namespace });
  onTestFinished(async () => {
    await deleteNamespace(users.broker, namespace);
    await users.drain();
  });
  return users;
}

/** Wants a slot, always under the same key. Gives the id of the appointment, or why there is none. */
async function confirm(scheduling: Client<typeof SchedulingAgentService>, { offer, userId }: Claim): Promise<string> {
  const { slotId, providerId, startTime, endTime } = offer;
  if (startTime === undefined || endTime === undefined) throw new Error("an offer without times");
  const { result } = await scheduling.confirmSlot({
    ...{ userId, slotId, providerId, startTime, endTime },
    idempotencyKey: `${userId} wants ${slotId}`,
  });
  if (result.case === "appointment") return result.value.appointmentId;
  return FailureReason[result.value?.reason ?? FailureReason.UNSPECIFIED];
}

interface Claim {
  readonly offer: SlotOffer;
  readonly userId: string;
}

/** Offers of which no two share time with one provider, so that each can be booked whatever becomes of the others. */
function apart(offers: readonly SlotOffer[]): readonly SlotOffer[] {
  const seconds = (offer: SlotOffer) => Number(offer.startTime?.seconds ?? 0);
  return offers.filter((offer, index) =>
    offers
      .slice(0, index)
      .every((other) => other.providerId !== offer.providerId || Math.abs(seconds(other) - seconds(offer)) >= 1_800),
  );
}

test("the process that keeps the calendars is killed amid many bookings and started again: each slot has one winner, everybody a definite answer, and each booking is announced and told once", {
  timeout: 90_000,
}, async () => {
  const namespace = `test-${randomBytes(6).toString("hex")}`;
  const users = await startUsers(namespace);
  const first = await startAgents(namespace);
  await until(() => users.directory.instancesOf(SchedulingAgentService.typeName).length > 0);
  await seed(users);
  const scheduling = users.client(SchedulingAgentService, { source: "scheduling.user" });
  const found = await scheduling.requestAppointment({ userId: "nobody", serviceType: "doctor", maxOffers: 50 });
  const offers = apart(found.offers).slice(0, 8);
  const claims = offers.flatMap((offer, slot) =>
    Array.from({ length: usersForEachSlot }, (_, index) => ({ offer, userId: `user-${slot}-${index}` })),
  );

  const answers = new Map<Claim, string>();
  let killed: Promise<void> | undefined;
  let unanswered = 0;
  const ask = async (claim: Claim) => {
    const answer = await confirm(scheduling, claim);
    expect(answers.get(claim) ?? answer).toBe(answer);
    answers.set(claim, answer);
    if (answers.size === 5) killed = kill(first);
  };
  await Promise.all(claims.map((claim) => ask(claim).catch(() => (unanswered += 1))));
  await killed;
  expect(unanswered).toBeGreaterThan(0);

  await startAgents(namespace);
  // Everybody repeats, also those who had an answer: it must be the same one.
  for (const claim of claims) {
    await until(() =>
      ask(claim).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && error.name === "AssertionError") throw error;
          return false;
        },
      ),
    );
  }

  const booked = claims.filter((claim) => answers.get(claim) !== "SLOT_TAKEN");
  expect(booked.map(({ offer }) => offer.slotId).sort()).toEqual(offers.map(({ slotId }) => slotId).sort());
  const ids = booked.map((claim) => answers.get(claim));
  await using recorder = await EventRecorder.open(users.broker, namespace);
  await until(() => recorder.of(AppointmentConfirmedSchema).length >= offers.length);
  // What comes after them in the stream would have come before what is published now.
  const { messageId } = await users.publish(AppointmentConfirmedSchema, {
    appointment: { appointmentId: "p.last", providerId: "p", userId: "last" },
  });
  await recorder.seen(messageId);
  const announced = recorder.of(AppointmentConfirmedSchema).map(({ appointment }) => appointment?.appointmentId);
  expect(announced.toSorted()).toEqual([...ids, "p.last"].toSorted());

  const watching = users.client(UserAgentService, { source: "person" });
  for (const { userId } of booked) {
    const fence = `p.fence-of-${userId}`;
    await users.publish(AppointmentConfirmedSchema, {
      appointment: { appointmentId: fence, providerId: "p", userId },
    });
    const told: (string | undefined)[] = [];
    for await (const { notification } of watching.watchNotifications({ userId })) {
      told.push(notification?.appointment?.appointmentId);
      if (told.at(-1) === fence) break;
    }
    expect(told).toEqual([ids[booked.findIndex((claim) => claim.userId === userId)], fence]);
  }
});
