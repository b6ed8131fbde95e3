// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import ICAL from "ical.js";
import { Temporal } from "temporal-polyfill";
import { instantOf, isTimeZone } from "../time/time-zone.ts";
import type { Entry } from "./calendar-lines.ts";

/** The moments at which clocks of a zone show a time: the first one, or the last where the time comes twice. */
export interface WallClock {
  instant(wall: Temporal.PlainDateTime, side: "first" | "last"): number;
  /** What the clock shows at an instant. */
  shown(instant: number): Temporal.PlainDateTime;
}

/** The clock of an IANA zone. */
export function clockOf(timeZone: string): WallClock {
  return {
    instant: (wall, side) => {
      const time = wall.toPlainTime().toString({ smallestUnit: "second" });
      return instantOf(wall.toPlainDate(), time, { timeZone, side });
    },
    shown: (instant) => Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone).toPlainDateTime(),
  };
}

/** Clocks by the names that a calendar uses for its zones. */
export class WallClocks {
  readonly #own: Clock;
  readonly #described: ReadonlyMap<string, ICAL.Timezone>;

  /** `timeZone` is that of times without a zone. */
  constructor(timeZone: string, zones: readonly Entry[]) {
    this.#own = clockOf(timeZone);
    this.#described = new Map(
      zones.flatMap((entry) => {
        const zone = zoneFrom(entry);
        return zone === undefined ? [] : [[zone.tzid, zone] as const];
      }),
    );
  }

  /** Undefined for a zone that nobody knows and the calendar does not describe. No name: times without a zone. */
  of(name: string | undefined): WallClock | undefined {
    if (name === undefined) return this.#own;
    // Some programs put their own address before the name.
    const iana = [name, name.split("/").slice(-2).join("/"), name.split("/").slice(-3).join("/")].find(isTimeZone);
    if (iana !== undefined) return clockOf(iana);
    const zone = this.#described.get(name);
    return zone === undefined ? undefined : describedClock(zone);
  }
}

type Clock = WallClock;

function describedClock(zone: ICAL.Timezone): WallClock {
  return {
    instant: (wall) => {
      const { year, month, day, hour, minute, second } = wall;
      return new ICAL.Time({ year, month, day, hour, minute, second, isDate: false }, zone).toUnixTime() * 1000;
    },
    shown: (instant) => {
      const time = ICAL.Time.fromJSDate(new Date(instant), true).convertToZone(zone);
      return Temporal.PlainDateTime.from(time.toString().slice(0, 19));
    },
  };
}

/** Rules of zones are walked one by one up to the time in question: only yearly ones are, and none that begin in antiquity. */
function zoneFrom({ lines }: Entry): ICAL.Timezone | undefined {
  const harmless = lines.every(
    (line) =>
      (!/^RRULE/i.test(line) || /FREQ=YEARLY/i.test(line)) &&
      (!/^DTSTART/i.test(line) || /:(?:1[6-9]|20)\d{2}/.test(line)),
  );
  if (!harmless) return undefined;
  try {
    const component = new ICAL.Component(ICAL.parse(["BEGIN:VTIMEZONE", ...lines, "END:VTIMEZONE"].join("\r\n")));
    return new ICAL.Timezone(component);
  } catch {
    // Times in it are reported where they stand.
    return undefined;
  }
}
