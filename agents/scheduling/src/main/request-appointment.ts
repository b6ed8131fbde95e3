// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppointmentStatus, FailureReason } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentRequestedSchema, SlotsOfferedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type {
  RequestAppointmentRequest,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { NegotiationSettledSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { type Habits, habitsOf } from "../domain/suggestion/habits.ts";
import { type TimePreference, type Wish, wishOf } from "../domain/time/time-preference.ts";
import { bounds } from "../domain/time/time-window.ts";
import { invalid, notFound, requiredZone } from "../failure.ts";
import { knownProviders } from "../known-providers.ts";
import { offerMessage } from "../messages/appointment-message.ts";
import { preferenceFrom } from "../messages/preference-message.ts";
import { conversationOf, negotiationAt } from "./negotiations.ts";
import { type Found, search } from "./search.ts";
import { tastes } from "./tastes.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "requestAppointment">;

const defaultOffers = 5;

/** From a wish to ranked offers: steps 2 to 5 of a booking. Request and offers are kept as the negotiation, which announces both. */
export const requestAppointment: Methods["requestAppointment"] = async (request, ctx) => {
  const { userId, serviceType, context, participantIds, resourceIds, unwantedProviderIds } = request;
  const now = ctx.clock.now();
  const preference = wishedTime(request, now);
  const wish = wishOf(preference, now);
  const able = await knownProviders(ctx, { serviceType });
  if (able.length === 0) {
    throw notFound(
      `nobody offers "${serviceType}"; ListProviders shows what is offered`,
      "Sorry, nobody here offers that.",
    );
  }
  const providers = able.filter(({ providerId }) => !unwantedProviderIds.includes(providerId));
  const requestId = ctx.messageId;
  const conversationId = conversationOf(ctx, request.conversationId);
  const negotiation = negotiationAt(conversationId || requestId, userId);
  const durationMinutes = request.desiredDurationMinutes || (context?.suggestedDurationMinutes ?? 0);
  const preferred = request.preferredProviderIds;
  const timeframe = timeframeOf(wish);
  const [found] = await Promise.all([
    search(ctx, providers, {
      ...{ serviceType, durationMinutes, wish, preferred },
      liked: context?.preferredProviderIds ?? [],
      habits: habitsHere(ctx, userId, preference.timeZone),
      most: request.maxOffers || defaultOffers,
      ...{ userId, participantIds, resourceIds, movedId: request.movedAppointmentId || undefined },
    }),
    ctx.commit({ negotiation }, (entries) => {
      entries.negotiation.append(AppointmentRequestedSchema, {
        ...{ requestId, userId, serviceType, durationMinutes, conversationId, participantIds, resourceIds },
        negotiationId: negotiation.key,
        ...timeframe,
        preferredProviderIds: preferred,
        time: timestampFromMs(now),
      });
      return null;
    }),
  ]);
  const offers = found.offers.map(offerMessage);
  await ctx.commit({ negotiation }, (entries) => {
    const time = timestampFromMs(ctx.clock.now());
    if (offers.length > 0)
      entries.negotiation.append(SlotsOfferedSchema, {
        ...{ requestId, userId, offers, conversationId, time },
        negotiationId: negotiation.key,
      });
    else
      entries.negotiation.append(NegotiationSettledSchema, {
        ...{ stage: AppointmentStatus.FAILED, reason: FailureReason.NOTHING_FREE, time },
      });
    return null;
  });
  return {
    requestId,
    requestEcho: { serviceType, timePreference: preference.text ?? "", ...timeframe, durationMinutes },
    offers,
    suggestionContext: inWords(found),
    withinPreference: found.withinPreference,
    unreachableProviderIds: [...found.unreachable],
  };
};

/** A guess is worth no failure: while the lists cannot be read, nothing is guessed. */
function habitsHere(ctx: Context, userId: string, timeZone: string): Habits | undefined {
  try {
    return habitsOf(ctx.view(tastes).appointments.get(userId)?.values() ?? [], timeZone);
  } catch (error) {
    ctx.logger.warn({ err: error }, "times are ranked without the user's habits");
    return undefined;
  }
}

function wishedTime({ timePreference }: RequestAppointmentRequest, now: number): TimePreference {
  const timeZone = requiredZone("time_preference.time_zone", timePreference?.timeZone);
  const preference = preferenceFrom(timePreference, { now, timeZone });
  if (preference === undefined)
    throw invalid("time_preference.relative.text", 'says no time; write something like "tomorrow afternoon"');
  return preference;
}

/** Start and end of a wish; for an exact time both are that time. */
function timeframeOf({ windows, ideal }: Wish) {
  const whole = ideal === undefined ? bounds(windows) : { start: ideal, end: ideal };
  return whole === undefined ? {} : { earliest: timestampFromMs(whole.start), latest: timestampFromMs(whole.end) };
}

function inWords({ offers, withinPreference, unreachable }: Found): string {
  const missing = unreachable.length === 0 ? "" : ` ${unreachable.length} of the providers could not be asked.`;
  if (offers.length === 0) return `Found no free slots.${missing}`;
  return `${withinPreference ? "Found slots based on your preferences." : "Nothing is free at the wished time; these slots are the nearest."}${missing}`;
}
