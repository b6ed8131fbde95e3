// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import ICAL from "ical.js";
import { Temporal } from "temporal-polyfill";
import type { Entry } from "./calendar-lines.ts";
import type { WallClock, WallClocks } from "./wall-clock.ts";

/** A time as a calendar writes it: what the clock shows, and which clock. A date alone is its midnight. */
export interface WrittenTime {
  readonly wall: Temporal.PlainDateTime;
  readonly clock: WallClock;
  readonly isDate: boolean;
}

/** An event that makes somebody busy, as it is written. */
export interface CalendarEvent {
  readonly uid: string;
  readonly name: string;
  readonly start: WrittenTime;
  readonly end: WrittenTime | Temporal.Duration;
  /** RFC 5545 rule; unset: it takes place once. */
  readonly rule?: string | undefined;
  readonly more: readonly WrittenTime[];
  readonly except: readonly WrittenTime[];
  /** Stands in the place of this occurrence of the event with the same uid. */
  readonly insteadOf?: WrittenTime | undefined;
  /** Cancelled ones, and those that leave the time free, take no time; in the place of another one they end it. */
  readonly isFree: boolean;
}

const mostTimes = 2_000;

/**
 * Reads one event.
 *
 * @throws Error saying what is wrong with it
 */
export function calendarEvent({ lines, name }: Entry, clocks: WallClocks): CalendarEvent {
  const component = new ICAL.Component(ICAL.parse(["BEGIN:VEVENT", ...lines, "END:VEVENT"].join("\r\n")));
  const times = (property: string) =>
    component
      .getAllProperties(property)
      .flatMap((each) => timesOf(each, clocks))
      .slice(0, mostTimes);
  const text = (property: string) => String(component.getFirstPropertyValue(property) ?? "");
  const [start] = times("dtstart");
  if (start === undefined) throw new Error("does not say when it begins");
  if (component.hasProperty("exrule")) throw new Error("has an EXRULE, which calendars no longer use");
  const rules = component.getAllProperties("rrule");
  if (rules.length > 1) throw new Error("has more than one rule");
  return {
    ...{ uid: text("uid"), name, start },
    end: times("dtend")[0] ?? durationOf(text("duration"), start),
    rule: rules[0] && String(rules[0].getFirstValue()),
    more: times("rdate"),
    except: times("exdate"),
    insteadOf: times("recurrence-id")[0],
    isFree: text("status").toUpperCase() === "CANCELLED" || text("transp").toUpperCase() === "TRANSPARENT",
  };
}

/** The busy stretches of a VFREEBUSY, "start/end" or "start/duration" in UTC. */
export function busyPeriods({ lines }: Entry, clocks: WallClocks): readonly { start: number; end: number }[] {
  const component = new ICAL.Component(ICAL.parse(["BEGIN:VFREEBUSY", ...lines, "END:VFREEBUSY"].join("\r\n")));
  const properties = component.getAllProperties("freebusy");
  const taken = properties.filter((each) => String(each.getParameter("fbtype") ?? "BUSY").toUpperCase() !== "FREE");
  return taken.flatMap((property) =>
    written(property).map((value) => {
      const [from = "", to = ""] = value.split("/");
      const start = writtenTime(from, undefined, clocks);
      const end = to.startsWith("P") ? Temporal.Duration.from(to) : writtenTime(to, undefined, clocks);
      return { start: instantOf(start, "first"), end: endOf(start, end) };
    }),
  );
}

/** When it begins. */
export function instantOf({ wall, clock }: WrittenTime, side: "first" | "last"): number {
  return clock.instant(wall, side);
}

/** When what begins then ends: days are days of the calendar, hours are hours of the clock on the wall that pass. */
export function endOf(start: WrittenTime, end: WrittenTime | Temporal.Duration): number {
  if (!(end instanceof Temporal.Duration)) return instantOf(end, "last");
  const { years, months, weeks, days } = end;
  const later = start.wall.add({ years, months, weeks, days });
  const rest = end.subtract({ years, months, weeks, days });
  return start.clock.instant(later, "first") + rest.total("milliseconds");
}

/** What stands in the text, in the long form: "2026-11-25T10:00:00", with "Z" in UTC. */
function written(property: ICAL.Property): readonly string[] {
  const [, , , ...values] = property.toJSON() as readonly unknown[];
  return values.map((value) => (Array.isArray(value) ? value.join("/") : String(value)));
}

function timesOf(property: ICAL.Property, clocks: WallClocks): readonly WrittenTime[] {
  const zone = property.getParameter("tzid");
  return written(property).map((value) => writtenTime(value.split("/")[0] ?? "", zone && String(zone), clocks));
}

function writtenTime(value: string, zone: string | undefined, clocks: WallClocks): WrittenTime {
  const [, date = "", time, utc] = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2}))?(Z?)$/.exec(value) ?? [];
  const clock = clocks.of(utc === "Z" ? "UTC" : zone);
  if (clock === undefined) throw new Error(`is in the time zone "${zone?.slice(0, 60)}", which nobody knows`);
  try {
    const wall = Temporal.PlainDateTime.from(`${date}T${time ?? "00:00:00"}`, { overflow: "reject" });
    return { wall, clock, isDate: time === undefined };
  } catch {
    throw new Error(`has a time that does not exist: "${value.slice(0, 40)}"`);
  }
}

function durationOf(text: string, { isDate }: WrittenTime): Temporal.Duration {
  if (text === "") return Temporal.Duration.from(isDate ? { days: 1 } : { hours: 0 });
  const duration = Temporal.Duration.from(text);
  if (duration.sign < 0) throw new Error("ends before it begins");
  return duration;
}
