// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { freeTimes } from "../domain/booking/availability.ts";
import { busyTimes } from "../domain/booking/calendar.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { resourcesFor } from "../domain/booking/resource.ts";
import { slotId } from "../domain/booking/slot.ts";
import { longestSearchMs } from "../domain/time/time-preference.ts";
import { bounds, minuteMs } from "../domain/time/time-window.ts";
import { invalid, notFound } from "../failure.ts";
import { timeFields, windowOf } from "../messages/instants.ts";
import { calendars } from "./calendars.ts";
import { busyParticipants, candidatesFor, isAnybodyBusy, requirementsOf } from "./requirements.ts";
import { resources } from "./resources.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "queryAvailability">;

const defaultMost = 200;
/** A wish may be rounded up to whole days at both ends. */
const longestQueryMs = longestSearchMs + 24 * 60 * minuteMs;
/** Times that are looked at where rooms or other persons rule some of them out. */
const mostLookedAt = 5_000;

/** When providers are free. */
export const availability: Methods = {
  async queryAvailability(request, ctx) {
    const { providerId, serviceType, participantIds, userId } = request;
    const movedId = request.movedAppointmentId || undefined;
    const calendar = await ctx.load(calendars.at(providerId));
    const { provider, version } = calendar;
    if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
    const offering = offeringOf(provider, serviceType);
    if (offering === undefined || 1 + participantIds.length > Math.max(1, offering.maxParticipants ?? 1))
      return { slots: [], version };

    const windows = request.windows.map(windowOf);
    const whole = bounds(windows);
    if (whole !== undefined && whole.end - whole.start > longestQueryMs) {
      throw invalid("windows", "more than 92 days lie between the first start and the last end; ask for less");
    }
    const durationMinutes = request.durationMinutes || offering.durationMinutes;
    const wanted = requirementsOf(ctx, offering, { ...request, movedId });
    const candidates = candidatesFor(ctx, wanted);
    const states = await Promise.all(candidates.map((id) => ctx.load(resources.at(id))));
    const busy = busyParticipants(ctx, participantIds, movedId);
    const now = ctx.clock.now();
    const soonest = now + (provider.bookingPolicy?.noticeMinutes ?? 0) * minuteMs;
    const most = request.maxSlots || defaultMost;
    const isPlain = candidates.length === 0 && busy.length === 0 && wanted.needs.length === 0;
    const search = { windows, durationMinutes, now: soonest, most: isPlain ? most : mostLookedAt };
    const times = freeTimes(provider, busyTimes(calendar, { now, userId, movedId }), {
      ...search,
      buffers: offering.buffers,
    });
    const possible = isPlain
      ? times
      : times.filter((time) => !isAnybodyBusy(busy, time) && resourcesFor(states, wanted, time) !== undefined);
    const slots = possible.slice(0, most).map((time) => ({
      slotId: slotId({ providerId, serviceType, start: time.start, durationMinutes, version }),
      ...timeFields(time),
    }));
    return { slots, version };
  },
};
