// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AppointmentRequestedSchema, SlotsOfferedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type {
  RequestAppointmentRequest,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { type TimePreference, type Wish, wishOf } from "../domain/time/time-preference.ts";
import { bounds } from "../domain/time/time-window.ts";
import { invalid, notFound, requiredZone } from "../failure.ts";
import { knownProviders } from "../known-providers.ts";
import { offerMessage } from "../messages/appointment-message.ts";
import { preferenceFrom } from "../messages/preference-message.ts";
import { type Found, search } from "./search.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "requestAppointment">;

const defaultOffers = 5;

/** From a wish to ranked offers: steps 2 to 5 of a booking. */
export const requestAppointment: Methods["requestAppointment"] = async (request, ctx) => {
  const { userId, serviceType, context } = request;
  const now = ctx.clock.now();
  const preference = wishedTime(request, now);
  const wish = wishOf(preference, now);
  const providers = await knownProviders(ctx, { serviceType });
  if (providers.length === 0) {
    throw notFound(
      `nobody offers "${serviceType}"; ListProviders shows what is offered`,
      "Sorry, nobody here offers that.",
    );
  }
  const requestId = ctx.messageId;
  const durationMinutes = request.desiredDurationMinutes || (context?.suggestedDurationMinutes ?? 0);
  const preferred = request.preferredProviderIds;
  const timeframe = timeframeOf(wish);
  const [found] = await Promise.all([
    search(ctx, providers, {
      ...{ serviceType, durationMinutes, wish, preferred },
      liked: context?.preferredProviderIds ?? [],
      most: request.maxOffers || defaultOffers,
    }),
    ctx.publish(AppointmentRequestedSchema, {
      requestId,
      userId,
      serviceType,
      ...timeframe,
      durationMinutes,
      preferredProviderIds: preferred,
    }),
  ]);
  const offers = found.offers.map(offerMessage);
  if (offers.length > 0) await ctx.publish(SlotsOfferedSchema, { requestId, userId, offers });
  return {
    requestId,
    requestEcho: { serviceType, timePreference: preference.text ?? "", ...timeframe, durationMinutes },
    offers,
    suggestionContext: inWords(found),
    withinPreference: found.withinPreference,
    unreachableProviderIds: [...found.unreachable],
  };
};

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
