// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { BusyTimesReplacedSchema, type CalendarService } from "@parley/contracts/parley/scheduling/v1/calendar_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { takesTime } from "../domain/booking/appointment.ts";
import type { Provider } from "../domain/booking/provider.ts";
import { busyTimesIn } from "../domain/icalendar/busy-times.ts";
import { calendarFeed, entryOf, type FeedEntry } from "../domain/icalendar/feed.ts";
import { mirroring } from "../domain/icalendar/mirrored.ts";
import { dayMs, type TimeWindow } from "../domain/time/time-window.ts";
import { invalid, notFound } from "../failure.ts";
import { timeFields } from "../messages/instants.ts";
import type { OutsideCalendar, OutsideCalendars } from "../outside/outside-calendar.ts";
import { calendars } from "./calendars.ts";
import { appointmentsWith, overview } from "./overview.ts";

type Methods = Implementation<typeof CalendarService>;

const horizonMs = 366 * dayMs;
/** Each booking looks at all of them. */
const mostCalendars = 10;
const encoder = new TextEncoder();

/** Calendars of other systems: out as iCalendar, in as busy time. `outside` finds those that can be reached. */
export function calendarSharing(outside: OutsideCalendars): Methods {
  return {
    async exportProviderCalendar({ providerId }, ctx) {
      const { provider, appointments, timeOff } = await ctx.load(calendars.at(providerId));
      if (provider === undefined) throw unknownProvider(providerId);
      const booked = [...appointments.values()].flatMap((each) => entryOf(each, each.serviceType) ?? []);
      const away = [...timeOff.values()].map(
        ({ timeOffId: id, start, end, createdAt: changedAt }): FeedEntry => ({
          ...{ id, start, end, changedAt },
          title: "Away",
          status: "CONFIRMED",
        }),
      );
      return bodyOf(calendarFeed({ name: provider.name, entries: [...booked, ...away] }));
    },

    exportUserCalendar({ userId }, ctx) {
      const theirs = appointmentsWith(ctx.view(overview), userId);
      const entries = theirs.flatMap((each) => entryOf(each, `${each.serviceType}: ${each.providerName}`) ?? []);
      return bodyOf(calendarFeed({ name: "Appointments", entries }));
    },

    async importCalendar({ providerId, calendarId, ics }, ctx) {
      const provider = await providerAt(ctx, providerId);
      const { windows, problems } = busyTimesIn(ics, { now: ctx.clock.now(), timeZone: provider.timeZone });
      await keepBusy(ctx, { providerId, calendarId, windows });
      return { busyTimes: windows.length, problems: [...problems] };
    },

    async syncCalendar({ providerId, calendarId }, ctx) {
      const provider = await providerAt(ctx, providerId);
      const calendar = outside(providerId, calendarId);
      if (calendar === undefined)
        throw notFound(`no calendar "${calendarId}" of "${providerId}" is set up; see PARLEY_CALENDARS`);
      const now = ctx.clock.now();
      const within = { start: now, end: now + horizonMs };
      const standing = await ctx.outside("calendar", (signal) => calendar.read(within, signal));
      const text = standing.map(({ ics }) => ics).join("\r\n");
      const { windows, problems } = busyTimesIn(text, { now, timeZone: provider.timeZone });
      if (problems.length > 0) ctx.logger.warn({ providerId, calendarId, problems }, "entries of a calendar left out");
      await keepBusy(ctx, { providerId, calendarId, windows });
      const { appointments } = await ctx.load(calendars.at(providerId));
      const booked = [...appointments.values()].filter((each) => takesTime(each, now) && each.end > now);
      const entries = booked.flatMap((each) => entryOf(each, each.serviceType) ?? []);
      const written = await mirror(ctx, calendar, { entries, standing });
      return { busyTimes: windows.length, written, syncedTime: timestampFromMs(now) };
    },
  };
}

async function mirror(
  ctx: Context,
  calendar: OutsideCalendar,
  { entries, standing }: { entries: readonly FeedEntry[]; standing: Awaited<ReturnType<OutsideCalendar["read"]>> },
): Promise<number> {
  if (calendar.change === undefined) return 0;
  const { add, replace, remove } = mirroring(entries, standing);
  const changes = [
    ...add.map(({ id, ics }) => ({ kind: "add", filename: `${id}.ics`, ics }) as const),
    ...replace.map((each) => ({ kind: "replace", ...each }) as const),
    ...remove.map((object) => ({ kind: "remove", object }) as const),
  ];
  for (const change of changes) await ctx.outside("calendar", (signal) => calendar.change?.(change, signal));
  return changes.length;
}

async function providerAt(ctx: Context, providerId: string): Promise<Provider> {
  const { provider } = await ctx.load(calendars.at(providerId));
  if (provider === undefined) throw unknownProvider(providerId);
  return provider;
}

/** What is as it was is no event, so that offers made before stay as new as they are. */
async function keepBusy(
  ctx: Context,
  busy: { providerId: string; calendarId: string; windows: readonly TimeWindow[] },
): Promise<void> {
  const { providerId, calendarId, windows } = busy;
  await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
    if (calendar.state.provider === undefined) throw unknownProvider(providerId);
    const { elsewhere } = calendar.state;
    if (!elsewhere.has(calendarId) && elsewhere.size >= mostCalendars)
      throw invalid("calendar_id", `"${providerId}" has ${mostCalendars} calendars already; import into one of them`);
    const before = elsewhere.get(calendarId) ?? [];
    const isSame =
      before.length === windows.length &&
      before.every(({ start, end }, index) => windows[index]?.start === start && windows[index]?.end === end);
    if (!isSame) calendar.append(BusyTimesReplacedSchema, { providerId, calendarId, windows: windows.map(timeFields) });
    return null;
  });
}

function bodyOf(ics: string) {
  return { calendar: { contentType: "text/calendar; charset=utf-8", data: encoder.encode(ics) } };
}

function unknownProvider(providerId: string) {
  return notFound(`there is no provider "${providerId}"; ListProviders lists all`);
}
