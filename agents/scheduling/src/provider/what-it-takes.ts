// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Context, type Entries, MeshError, type Outbox } from "@parley/mesh";
import { providerOf } from "../domain/booking/booking.ts";
import { calendars } from "./calendars.ts";
import { hasAll, keysOf, type ResourceEntries } from "./resources.ts";

type CalendarEntry = Entries<{ calendar: ReturnType<typeof calendars.at> }>["calendar"];

/** What is decided about an appointment in its calendar, and in those of the rooms and equipment that it takes. */
export type Deciding<T> = (calendar: CalendarEntry, rooms: ResourceEntries, outbox: Outbox) => T;

/** Looks at the calendar until it holds still; a change of rooms between look and commit is rare. */
const mostLooks = 5;

/**
 * Decides about an appointment in one commit over its calendar and over the calendars of what it takes. Undefined when its
 * id is none of ours.
 */
export async function withWhatItTakes<T extends object>(
  ctx: Pick<Context, "load" | "commit">,
  appointmentId: string,
  decide: Deciding<T>,
): Promise<T | undefined> {
  const providerId = providerOf(appointmentId);
  if (providerId === undefined) return undefined;
  const key = calendars.at(providerId);
  let known: readonly string[] = (await ctx.load(key)).appointments.get(appointmentId)?.resourceIds ?? [];
  for (let look = 1; look <= mostLooks; look++) {
    const keys = { calendar: key, ...keysOf(known) };
    const outcome = await ctx.commit(keys, ({ calendar, ...rooms }, outbox): Looked<T> => {
      const { resourceIds = [] } = calendar.state.appointments.get(appointmentId) ?? {};
      if (!hasAll(rooms, resourceIds)) return { again: resourceIds };
      return { decided: decide(calendar, rooms, outbox) };
    });
    if ("decided" in outcome) return outcome.decided;
    known = outcome.again;
  }
  throw new MeshError({ code: "CONFLICT", message: `appointment "${appointmentId}" changes all the time; try again` });
}

type Looked<T> = { readonly decided: T } | { readonly again: readonly string[] };
