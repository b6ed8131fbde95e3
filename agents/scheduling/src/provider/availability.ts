// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { freeTimes } from "../domain/booking/availability.ts";
import { busyTimes } from "../domain/booking/calendar.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { slotId } from "../domain/booking/slot.ts";
import { longestSearchMs } from "../domain/time/time-preference.ts";
import { bounds, minuteMs } from "../domain/time/time-window.ts";
import { invalid, notFound } from "../failure.ts";
import { timeFields, windowOf } from "../messages/instants.ts";
import { calendars } from "./calendars.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "queryAvailability">;

const defaultMost = 200;
/** A wish may be rounded up to whole days at both ends. */
const longestQueryMs = longestSearchMs + 24 * 60 * minuteMs;

/** When providers are free. */
export const availability: Methods = {
  async queryAvailability(request, ctx) {
    const { providerId, serviceType } = request;
    const calendar = await ctx.load(calendars.at(providerId));
    const { provider, version } = calendar;
    if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
    const offering = offeringOf(provider, serviceType);
    if (offering === undefined) return { slots: [], version };

    const windows = request.windows.map(windowOf);
    const whole = bounds(windows);
    if (whole !== undefined && whole.end - whole.start > longestQueryMs) {
      throw invalid("windows", "more than 92 days lie between the first start and the last end; ask for less");
    }
    const durationMinutes = request.durationMinutes || offering.durationMinutes;
    const search = { windows, durationMinutes, now: ctx.clock.now(), most: request.maxSlots || defaultMost };
    const slots = freeTimes(provider, busyTimes(calendar), search).map((time) => ({
      slotId: slotId({ providerId, serviceType, start: time.start, durationMinutes, version }),
      ...timeFields(time),
    }));
    return { slots, version };
  },
};
