// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { offeringOf } from "../domain/booking/provider.ts";
import { leastMinutes } from "../domain/booking/slot.ts";
import { type Request, requestAfter } from "../domain/conversation/conversation.ts";
import {
  durationReply,
  impossibleReply,
  listed,
  offersReply,
  pastReply,
  skippedReply,
  unknownServiceReply,
  whenElseReply,
  whichServiceReply,
} from "../domain/conversation/replies.ts";
import { leftOpen } from "../domain/sentence/exclusion.ts";
import { skippedTime } from "../domain/sentence/skipped-time.ts";
import { preferenceOf } from "../domain/sentence/time-words.ts";
import { wishOf } from "../domain/time/time-preference.ts";
import { offerOf } from "../messages/appointment-message.ts";
import { preferenceMessage } from "../messages/preference-message.ts";
import { preferencesOf } from "./preferences.ts";
import { type Answer, servicesOf, type Turn } from "./turn.ts";

/** Looks for times, or asks what is missing. What was said so far is kept, so that the next sentence need only add to it. */
export async function book(turn: Turn): Promise<Answer> {
  const { ctx, userId, conversationId, reader, understood } = turn;
  const { request, choices } = completed(turn);
  const requested = { kind: "requested", request } as const;
  const { moving } = turn.conversation;
  const stillMoving = moving !== undefined && moving.serviceType === request.serviceType;
  // A new request ends the moving of an appointment, unless it is about that very appointment.
  const goingOn = stillMoving ? [requested, { kind: "moving", appointment: moving } as const] : [requested];
  const { serviceType, durationMinutes, when } = request;
  if (understood.impossible !== undefined)
    return { reply: impossibleReply(understood.impossible), events: [requested] };
  if (understood.unknownService !== undefined) {
    const reply = unknownServiceReply(understood.unknownService, servicesOf(turn.providers));
    return { reply, events: [{ kind: "requested", request: { ...request, serviceType: undefined } }] };
  }
  if (serviceType === undefined)
    return { reply: whichServiceReply(choices, understood.unknownName), events: [requested] };
  if (durationMinutes !== undefined && (durationMinutes < leastMinutes || durationMinutes > 480)) {
    return {
      reply: durationReply,
      events: [{ kind: "requested", request: { ...request, durationMinutes: undefined } }],
    };
  }
  if (leftOpen(when, understood.notWhen))
    return { reply: whenElseReply(understood.notWhen?.text ?? ""), events: goingOn };
  const preference = preferenceOf(when, reader);
  if (wishOf(preference, reader.now).windows.length === 0) {
    return { reply: pastReply, events: [{ kind: "requested", request: { ...request, when: undefined } }] };
  }
  const skipped = skippedTime(when, reader.timeZone);
  if (skipped !== undefined) {
    const open = { ...request, when: when && { ...when, at: undefined } };
    return { reply: skippedReply(skipped), events: [{ kind: "requested", request: open }] };
  }
  const able = turn.providers
    .filter((provider) => offeringOf(provider, serviceType) !== undefined)
    .map(({ providerId }) => providerId);
  const { unwantedIds = [] } = request;
  const { preferredProviderIds, defaultDurationMinutes } = await preferencesOf(ctx, userId);
  const answer = await ctx.client(SchedulingAgentService).requestAppointment(
    {
      ...{ userId, serviceType },
      timePreference: preferenceMessage(preference),
      desiredDurationMinutes: durationMinutes ?? 0,
      preferredProviderIds: request.providerIds.filter((id) => able.includes(id)).slice(0, 20),
      unwantedProviderIds: [...unwantedIds],
      context: { preferredProviderIds: [...preferredProviderIds], suggestedDurationMinutes: defaultDurationMinutes },
      movedAppointmentId: stillMoving ? moving.appointmentId : "",
      conversationId,
    },
    { conversationId },
  );
  const offers = answer.offers.map(offerOf);
  const { withinPreference } = answer;
  const reply = offersReply(
    { offers, withinPreference, wish: when?.text, remarks: remarksOn(turn, request, able) },
    reader,
  );
  return { reply, events: [...goingOn, { kind: "offered", offers }] };
}

/** The request with its service, where that follows from a name; else the services to ask about. */
function completed({ conversation, understood, providers }: Turn): {
  readonly request: Request;
  readonly choices: readonly string[];
} {
  const request = requestAfter(conversation.request, understood);
  const named = providers.filter(({ providerId }) => understood.providerIds.includes(providerId));
  const theirs = servicesOf(named);
  const meant = understood.serviceTypes.length > 1 ? understood.serviceTypes : theirs;
  const fitting = theirs.length > 0 ? meant.filter((service) => theirs.includes(service)) : meant;
  const clear =
    understood.serviceTypes.length === 1 || (understood.serviceTypes.length === 0 && request.serviceType !== undefined);
  // Naming somebody who does not offer what was asked for before means what they do offer.
  const stale =
    understood.serviceTypes.length === 0 && theirs.length > 0 && !theirs.includes(request.serviceType ?? "");
  if (clear && !stale) return { request, choices: [] };
  const [only, ...more] = fitting;
  if (only !== undefined && more.length === 0) return { request: { ...request, serviceType: only }, choices: [] };
  return {
    request: { ...request, serviceType: undefined },
    choices: fitting.length > 0 ? fitting : servicesOf(providers),
  };
}

function remarksOn(
  { understood, providers }: Turn,
  { serviceType, providerIds }: Request,
  able: readonly string[],
): readonly string[] {
  const unknown =
    understood.unknownName === undefined ? [] : [`I do not know anybody called ${understood.unknownName}.`];
  const unable = providers.filter(({ providerId }) => providerIds.includes(providerId) && !able.includes(providerId));
  if (unable.length === 0) return unknown;
  const names = listed(
    unable.map(({ name }) => name),
    "and",
  );
  return [...unknown, `${names} ${unable.length === 1 ? "does" : "do"} not offer "${serviceType}".`];
}
