// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Calendar, type CalendarEvent, emptyCalendar, evolve } from "../domain/booking/calendar.ts";

/** What a decision about a calendar yields: what happens to it, and the answer. */
export interface Decided<R> {
  readonly events: readonly CalendarEvent[];
  readonly reply: R;
}

/** The calendars of all providers, by provider id. In memory of one instance: they end with it. */
export class Calendars {
  readonly #calendars = new Map<string, Calendar>();

  /** A calendar as it stands; one that nothing has happened to is empty. */
  load(providerId: string): Calendar {
    return this.#calendars.get(providerId) ?? emptyCalendar;
  }

  /** Lets `decide` see a calendar and applies what it says happens, at once: nothing else can happen in between. */
  commit<R>(providerId: string, decide: (calendar: Calendar) => Decided<R>): R {
    const { events, reply } = decide(this.load(providerId));
    if (events.length > 0) this.#calendars.set(providerId, events.reduce(evolve, this.load(providerId)));
    return reply;
  }

  /** Every calendar that something has happened to. */
  all(): Iterable<Calendar> {
    return this.#calendars.values();
  }
}
