// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { TimeWindow } from "../domain/time/time-window.ts";

/** An entry of a calendar elsewhere. */
export interface CalendarObject {
  readonly url: string;
  /** Changes with the entry; unset: the calendar does not say. */
  readonly etag?: string | undefined;
  /** iCalendar text. */
  readonly ics: string;
}

/** A change of a calendar elsewhere. */
export type CalendarChange =
  | { readonly kind: "add"; readonly filename: string; readonly ics: string }
  | { readonly kind: "replace"; readonly object: CalendarObject; readonly ics: string }
  | { readonly kind: "remove"; readonly object: CalendarObject };

/**
 * A provider's calendar elsewhere. The port for adapters: CalDAV and feeds are there; one for the interface of a certain vendor
 * implements these two methods and does its logging in, e.g. by OAuth, inside them.
 */
export interface OutsideCalendar {
  /** Entries that may touch the window; more of them do no harm. Must end when the signal aborts. */
  read(within: TimeWindow, signal: AbortSignal): Promise<readonly CalendarObject[]>;
  /** Makes one change; unset: the calendar can only be read. A change that somebody else was faster with is an error. */
  change?(change: CalendarChange, signal: AbortSignal): Promise<void>;
}

/** Finds the calendar elsewhere of a provider; undefined when none is set up. */
export type OutsideCalendars = (providerId: string, calendarId: string) => OutsideCalendar | undefined;
