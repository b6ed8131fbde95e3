// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import ICAL from "ical.js";
import type { Appointment } from "../booking/appointment.ts";
import type { TimeWindow } from "../time/time-window.ts";

/** One entry of a calendar as others see it. Instants in milliseconds since the epoch. */
export interface FeedEntry extends TimeWindow {
  readonly id: string;
  readonly title: string;
  readonly status: "CONFIRMED" | "TENTATIVE" | "CANCELLED";
  readonly changedAt: number;
}

/** How uids of entries made here end, so that they are known again in calendars of others. */
const ending = "@appointments.parley";

/** Whether an entry with that uid was made here. */
export function isOurs(uid: string): boolean {
  return uid.endsWith(ending);
}

/** The uid of an entry. */
export function uidOf(id: string): string {
  return `${id}${ending}`;
}

/**
 * Entries as an iCalendar text (RFC 5545), earliest first; times in UTC, which every calendar shows in its reader's zone.
 * Without a name it is that of one entry, as CalDAV keeps it.
 */
export function calendarFeed({ name, entries }: { name?: string; entries: readonly FeedEntry[] }): string {
  const calendar = new ICAL.Component(["vcalendar", [], []]);
  calendar.addPropertyWithValue("version", "2.0");
  calendar.addPropertyWithValue("prodid", "-//Parley//Scheduling//EN");
  calendar.addPropertyWithValue("calscale", "GREGORIAN");
  if (name !== undefined) calendar.addPropertyWithValue("x-wr-calname", plain(name));
  for (const entry of entries.toSorted((one, other) => one.start - other.start))
    calendar.addSubcomponent(eventOf(entry));
  return `${calendar.toString()}\r\n`;
}

/** An appointment as an entry; undefined for one that never came about. */
export function entryOf(appointment: Appointment, title: string): FeedEntry | undefined {
  const { appointmentId: id, start, end, updatedAt: changedAt, status } = appointment;
  if (status === "CONFIRMED" || status === "COMPLETED")
    return { id, title, start, end, changedAt, status: "CONFIRMED" };
  if (status === "SELECTED") return { id, title, start, end, changedAt, status: "TENTATIVE" };
  const cancelled = status === "CANCELLED_BY_USER" || status === "CANCELLED_BY_PROVIDER";
  return cancelled ? { id, title, start, end, changedAt, status: "CANCELLED" } : undefined;
}

function eventOf({ id, title, start, end, status, changedAt }: FeedEntry): ICAL.Component {
  const event = new ICAL.Component("vevent");
  event.addPropertyWithValue("uid", uidOf(id));
  event.addPropertyWithValue("dtstamp", utc(changedAt));
  event.addPropertyWithValue("last-modified", utc(changedAt));
  event.addPropertyWithValue("dtstart", utc(start));
  event.addPropertyWithValue("dtend", utc(end));
  event.addPropertyWithValue("summary", plain(title));
  event.addPropertyWithValue("status", status);
  event.addPropertyWithValue("transp", status === "CANCELLED" ? "TRANSPARENT" : "OPAQUE");
  return event;
}

function utc(instant: number): ICAL.Time {
  return ICAL.Time.fromJSDate(new Date(instant), true);
}

/** Control characters have no place in a line of text. */
function plain(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ").slice(0, 200);
}
