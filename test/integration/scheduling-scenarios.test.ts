// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import type { Appointment, Notification, SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentStatus, FailureReason } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentChangedSchema,
  AppointmentConfirmedSchema,
  AppointmentRequestedSchema,
  ChangeReason,
  ProviderUnavailableSchema,
  SlotsOfferedSchema,
  SuggestionProposedSchema,
  UpdateAcknowledgedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { ConflictAction, UpdateStatus } from "@parley/contracts/parley/scheduling/v1/time_off_pb.js";
import {
  type ConverseResponse,
  Intent,
  UserAgentService,
} from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Placed, placeScheduling } from "../programs/scheduling-placement.ts";
import { until } from "../tools/until.ts";

const newTrace = () => randomBytes(16).toString("hex");

describe.each(["one", "many"] as const)("agents in %s process(es)", (placement) => {
  let placed: Placed;
  beforeAll(async () => {
    placed = await placeScheduling(placement, inject("natsUrl"));
  });
  afterAll(() => placed[Symbol.asyncDispose]());

  /** Whether somebody was asked something within a trace, and answered without an error. */
  const asked = (traceId: string, source: string, target: string, method: string) =>
    placed.observed.some(
      ({ kind, header, traceId: within, error }) =>
        kind === "called" &&
        within === traceId &&
        error === undefined &&
        header.sourceAgentId === source &&
        header.targetAgentId === target &&
        header.name.endsWith(`/${method}`),
    );
  /** Names of the traces of all messages of a name since a moment. */
  const tracesOf = (since: number, ...names: readonly string[]) =>
    new Set(
      placed.observed
        .filter(({ at, header }) => at >= since && names.some((name) => header.name.endsWith(name)))
        .map(({ traceId }) => traceId),
    );
  const told = async (
    traceId: string,
    userId: string,
    fits: (news: Notification) => boolean,
  ): Promise<Notification> => {
    const users = placed.client(UserAgentService, traceId);
    for await (const { notification } of users.watchNotifications({ userId }))
      if (notification !== undefined && fits(notification)) return notification;
    throw new Error("the watch ended");
  };

  describe("Scenario 1: User Initiates Appointment Booking", () => {
    const [traceId, userId, began] = [newTrace(), "user123", Date.now()];
    let offered: ConverseResponse;
    let chosen: ConverseResponse;
    const [offer] = [() => offered.offers[0] as SlotOffer];

    test("1. User -> UA: user provides input", async () => {
      offered = await placed
        .client(UserAgentService, traceId)
        .converse({ userId, text: "Book a doctor's appointment for tomorrow afternoon" });
      expect(offered.understood).toMatchObject({ intent: Intent.BOOK_APPOINTMENT, serviceType: "doctor" });
    });
    test("2. UA -> MSA: REQUEST_APPOINTMENT with user, intent and entities", async () => {
      await until(() => asked(traceId, "scheduling.user", "scheduling.main", "RequestAppointment"));
      await until(() => placed.events.of(AppointmentRequestedSchema).length > 0);
      const { conversationId } = offered;
      expect(placed.events.of(AppointmentRequestedSchema)).toMatchObject([
        { userId, serviceType: "doctor", conversationId, earliest: {}, latest: {} },
      ]);
    });
    test("3. MSA -> PA/DB: queries availability of each provider of the service", async () => {
      for (const provider of ["prov_dr_smith", "prov_dr_weber"])
        await until(() => asked(traceId, "scheduling.main", `pa_${provider}`, "QueryAvailability"));
    });
    test("4. PA/DB -> MSA: available slots of the queried providers", () => {
      expect(new Set(offered.offers.map(({ providerId }) => providerId))).toEqual(
        new Set(["prov_dr_smith", "prov_dr_weber"]),
      );
    });
    test("5. MSA -> UA: OFFER_SLOTS, ranked, with scores and reasons [R13]", async () => {
      await until(() => placed.events.of(SlotsOfferedSchema).length > 0);
      const scores = offered.offers.map(({ matchScore }) => matchScore);
      expect(scores).toEqual(scores.toSorted((one, other) => other - one));
      for (const { reasoning, expiresTime, version } of offered.offers) {
        expect(reasoning).toContain("Matches time preference");
        expect(expiresTime).toBeDefined();
        expect(version).toBeGreaterThan(0);
      }
    });
    test("6. User -> UA: selects a slot", async () => {
      const { conversationId } = offered;
      chosen = await placed
        .client(UserAgentService, traceId)
        .converse({ userId, text: "The first one, please", conversationId });
      expect(chosen.understood?.intent).toBe(Intent.CHOOSE_SLOT);
    });
    test("7. UA -> MSA: CONFIRM_SLOT", async () => {
      await until(() => asked(traceId, "scheduling.user", "scheduling.main", "ConfirmSlot"));
    });
    test("8. MSA -> PA/DB: attempts to secure the booking by REQUEST_BOOKING", async () => {
      await until(() => asked(traceId, "scheduling.main", `pa_${offer().providerId}`, "RequestBooking"));
    });
    test("9. PA/DB -> MSA: booking confirmation with appointment id and status", async () => {
      await until(() => placed.events.of(AppointmentConfirmedSchema).length > 0);
      const [confirmed] = placed.events.of(AppointmentConfirmedSchema);
      expect(confirmed?.appointment).toMatchObject({
        ...{ userId, slotId: offer().slotId, status: AppointmentStatus.CONFIRMED },
        appointmentId: expect.stringMatching(/^prov_dr_/),
      });
    });
    test("10. MSA -> UA: FINAL_APPOINTMENT_CONFIRMATION with the details", async () => {
      expect(chosen.appointment).toMatchObject({ slotId: offer().slotId, status: AppointmentStatus.CONFIRMED });
      const scheduling = placed.client(SchedulingAgentService, traceId);
      const { conversationId } = offered;
      const { negotiation } = await scheduling.getNegotiation({ userId, conversationId });
      const { REQUESTED, OFFERED, SELECTED, CONFIRMED } = AppointmentStatus;
      expect(negotiation?.history.map(({ stage }) => stage)).toEqual([REQUESTED, OFFERED, SELECTED, CONFIRMED]);
    });
    test("11. UA -> User: informs the user of the outcome", async () => {
      expect(chosen.reply).toMatch(/^Your appointment is confirmed: Dr\. /);
      const { appointmentId } = chosen.appointment as Appointment;
      const news = await told(traceId, userId, ({ appointment }) => appointment?.appointmentId === appointmentId);
      expect(news.text).toMatch(/^Your appointment is confirmed: Dr\. /);
    });
    test("11. (the other outcome) the slot was just taken, and the user is offered others [R34]", async () => {
      const users = placed.client(UserAgentService, traceId);
      const late = await users.chooseSlot({ userId: "user456", slotId: offer().slotId });
      expect(late.reply).toMatch(/^Sorry, that slot was just taken\. Would you like to try another\?/);
      const failure = late.result.case === "failure" ? late.result.value : undefined;
      expect(failure?.reason).toBe(FailureReason.SLOT_TAKEN);
      expect(failure?.alternatives.length).toBeGreaterThan(0);
    });
    test("all of it is one trace [R44] [R49]", () => {
      const names = ["/Converse", "/RequestAppointment", "/QueryAvailability", "/ConfirmSlot", "/RequestBooking"];
      expect(tracesOf(began, ...names, "APPOINTMENT_CONFIRMED")).toEqual(new Set([traceId]));
    });
  });

  describe("Scenario 2: Provider Initiates Change", () => {
    const [traceId, userId] = [newTrace(), "user789"];
    let began = 0;
    let booked: Appointment;
    let conversationId: string;
    let timeOffId: string;
    let news: Notification;

    beforeAll(async () => {
      const users = placed.client(UserAgentService, newTrace());
      const answer = await users.converse({ userId, text: "a doctor with Dr Weber in two days in the afternoon" });
      conversationId = answer.conversationId;
      const { appointment } = await users.converse({ userId, text: "yes", conversationId });
      if (appointment === undefined) throw new Error(`not booked: ${answer.reply}`);
      booked = appointment;
      began = Date.now();
    });

    test("1. Provider -> PA: adds time off", async () => {
      const { providerId, startTime, endTime } = booked;
      if (startTime === undefined || endTime === undefined) throw new Error("an appointment without times");
      const desk = placed.client(ProviderDeskService, traceId);
      const { timeOff, conflicts } = await desk.addTimeOff({ providerId, startTime, endTime, reason: "conference" });
      timeOffId = timeOff?.timeOffId ?? "";
      expect(conflicts.map(({ appointmentId }) => appointmentId)).toEqual([booked.appointmentId]);
    });
    test("2. PA -> MSA: UPDATE_UNAVAILABILITY with provider, start, end and reason", async () => {
      await until(() =>
        placed.observed.some(
          ({ kind, header, traceId: within, error }) =>
            kind === "ran" &&
            within === traceId &&
            error === undefined &&
            header.name.endsWith("/UpdateUnavailability"),
        ),
      );
      expect(placed.events.of(ProviderUnavailableSchema)).toMatchObject([
        { timeOff: { providerId: booked.providerId, reason: "conference", startTime: booked.startTime } },
      ]);
    });
    test("3. MSA: updates the schedule and finds the conflicts", async () => {
      const desk = placed.client(ProviderDeskService, traceId);
      const { timeOff } = await desk.getTimeOff({ providerId: booked.providerId, timeOffId });
      expect(timeOff?.acknowledgement?.conflicts).toMatchObject([
        { appointment: { appointmentId: booked.appointmentId }, action: ConflictAction.OPTIONS_SENT },
      ]);
    });
    test("4. MSA -> UA of affected users: NOTIFY_APPOINTMENT_CHANGE with options [R13]", async () => {
      await until(() => placed.events.of(AppointmentChangedSchema).length > 0);
      const [change] = placed.events.of(AppointmentChangedSchema);
      expect(change).toMatchObject({
        original: { appointmentId: booked.appointmentId, status: AppointmentStatus.CONFIRMED },
        appointment: { status: AppointmentStatus.CANCELLED_BY_PROVIDER },
        reason: ChangeReason.PROVIDER_UNAVAILABLE,
      });
      expect(change?.options.length).toBeGreaterThan(0);
    });
    test("5. MSA -> PA: ACKNOWLEDGE_UPDATE says what was found and done", async () => {
      await until(() => asked(traceId, "scheduling.main", `pa_${booked.providerId}`, "AcknowledgeUpdate"));
      await until(() => placed.events.of(UpdateAcknowledgedSchema).length > 0);
      const [{ timeOff } = {}] = placed.events.of(UpdateAcknowledgedSchema);
      expect(timeOff?.acknowledgement).toMatchObject({
        status: UpdateStatus.ACKNOWLEDGED,
        summary: "Time off noted. 1 appointment was in its way: 1 cancelled, the user offered other times.",
      });
    });
    test("6. UA -> User: informs the user and prompts for rescheduling", async () => {
      news = await told(traceId, userId, ({ offers }) => offers.length > 0);
      expect(news.text).toMatch(/^Sorry, the provider became unavailable, so this cannot take place: Dr\. Jonas Weber/);
      expect(news.text).toContain("Would one of these suit you instead?");
      const users = placed.client(UserAgentService, traceId);
      const { appointment } = await users.converse({ userId, text: "the first one", conversationId });
      expect(appointment?.slotId).toBe(news.offers[0]?.slotId);
    });
    test("all of it is one trace [R44] [R49]", () => {
      const names = ["/AddTimeOff", "/UpdateUnavailability", "/AcknowledgeUpdate", "APPOINTMENT_CHANGED"];
      expect(tracesOf(began, ...names, "PROVIDER_UNAVAILABLE", "UPDATE_ACKNOWLEDGED")).toEqual(new Set([traceId]));
    });
  });

  describe("Scenario 3: Proactive Suggestion by MSA", () => {
    const [traceId, userId, providerId] = [newTrace(), "user_x", "prov_neumann"];
    let began = 0;
    let suggestion: Notification;
    const close = async (timeOffId: string) => {
      const day = 86_400;
      const from = BigInt(Math.floor(Date.now() / 1000 / day) * day + 2 * day);
      const [startTime, endTime] = [{ seconds: from }, { seconds: from + BigInt(14 * day) }];
      const desk = placed.client(ProviderDeskService, newTrace());
      await desk.addTimeOff({ providerId, startTime, endTime, timeOffId });
    };
    const open = (timeOffId: string) =>
      placed.client(ProviderDeskService, traceId).removeTimeOff({ providerId, timeOffId });
    const isSuggested = () => placed.events.of(SuggestionProposedSchema).length > 0;

    beforeAll(async () => {
      const users = placed.client(UserAgentService, newTrace());
      await users.setPreferences({ preferences: { userId, preferredProviderIds: [providerId] } });
      await close("spring-cleaning");
      began = Date.now();
    });

    test("1. MSA (internal trigger): a preferred provider opens up new slots", async () => {
      await open("spring-cleaning");
      await until(() =>
        placed.observed.some(
          ({ kind, header, traceId: within }) =>
            kind === "ran" && within === traceId && header.name.endsWith("/SuggestOpening"),
        ),
      );
    });
    test("2. MSA -> UA of the relevant user: PROACTIVE_SUGGESTION [R13]", async () => {
      await until(isSuggested);
      expect(placed.events.of(SuggestionProposedSchema)).toMatchObject([{ userId, offer: { providerId } }]);
    });
    test("3. UA -> User: presents the suggestion", async () => {
      suggestion = await told(traceId, userId, ({ suggestionId }) => suggestionId !== "");
      expect(suggestion.text).toMatch(
        /^Your preferred provider, Clara Neumann, has new availability: .* Would you like to book\?$/,
      );
    });
    test("4. User -> UA: responds, and 5. Scenario 1 goes on from step 7", async () => {
      const { suggestionId } = suggestion;
      const users = placed.client(UserAgentService, traceId);
      const { reply, result } = await users.respondToSuggestion({ userId, suggestionId, accept: true });
      expect(reply).toMatch(/^Your appointment is confirmed: Clara Neumann/);
      expect(result).toMatchObject({ case: "appointment", value: { slotId: suggestion.offers[0]?.slotId } });
      await until(() => asked(traceId, "scheduling.user", "scheduling.main", "ConfirmSlot"));
    });
    test("all of it is one trace [R44] [R49]", () => {
      const names = ["/RemoveTimeOff", "PROVIDER_AVAILABLE", "/SuggestOpening", "SUGGESTION_PROPOSED"];
      expect(tracesOf(began, ...names, "/RespondToSuggestion", "/ConfirmSlot")).toEqual(new Set([traceId]));
    });
  });
});
