// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Appointment } from "../booking/appointment.ts";
import { minuteMs } from "../time/time-window.ts";
import { busyTimesIn, mostWindows } from "./busy-times.ts";
import { calendarFeed, entryOf } from "./feed.ts";

const now = Date.parse("2026-01-05T09:00:00Z");
const berlin = { now, timeZone: "Europe/Berlin" };

/** A calendar of events, each its lines joined by "|". */
function calendar(...events: readonly string[]): string {
  const body = events.flatMap((event) => ["BEGIN:VEVENT", "UID:u", ...event.split("|"), "END:VEVENT"]);
  return ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", ...body, "END:VCALENDAR", ""].join("\r\n");
}

function read(text: string, owner = berlin) {
  const { windows, problems } = busyTimesIn(text, owner);
  const shown = (instant: number) => new Date(instant).toISOString().slice(2, 16);
  return { busy: windows.map(({ start, end }) => `${shown(start)}/${shown(end)}`), problems };
}

test.each([
  ["a time in UTC", "DTSTART:20260110T100000Z|DTEND:20260110T110000Z", ["26-01-10T10:00/26-01-10T11:00"]],
  [
    "a time in a zone, with a duration",
    "DTSTART;TZID=America/New_York:20260110T100000|DURATION:PT90M",
    ["26-01-10T15:00/26-01-10T16:30"],
  ],
  [
    "a time without a zone is the provider's",
    "DTSTART:20260110T100000|DURATION:PT1H",
    ["26-01-10T09:00/26-01-10T10:00"],
  ],
  ["a whole day is the provider's day", "DTSTART;VALUE=DATE:20260110", ["26-01-09T23:00/26-01-10T23:00"]],
  [
    "a day of a clock change has its own length",
    "DTSTART;VALUE=DATE:20260329|DTEND;VALUE=DATE:20260330",
    ["26-03-28T23:00/26-03-29T22:00"],
  ],
  ["a cancelled event is free", "DTSTART:20260110T100000Z|DURATION:PT1H|STATUS:CANCELLED", []],
  ["a transparent event is free", "DTSTART:20260110T100000Z|DURATION:PT1H|TRANSP:TRANSPARENT", []],
  ["an event that is over is left out", "DTSTART:20250110T100000Z|DURATION:PT1H", []],
  ["one that has begun counts from now", "DTSTART:20260105T080000Z|DURATION:PT2H", ["26-01-05T09:00/26-01-05T10:00"]],
  ["an event without length takes no time", "DTSTART:20260110T100000Z", []],
  [
    "a rule keeps the time on the wall across the clock change",
    "DTSTART;TZID=Europe/Berlin:20260326T090000|DURATION:PT1H|RRULE:FREQ=DAILY;INTERVAL=3;COUNT=2",
    ["26-03-26T08:00/26-03-26T09:00", "26-03-29T07:00/26-03-29T08:00"],
  ],
  [
    "a rule with exceptions and extra days",
    "DTSTART:20260112T100000Z|DURATION:PT1H|RRULE:FREQ=WEEKLY;UNTIL=20260126T100000Z|EXDATE:20260119T100000Z|RDATE:20260120T120000Z",
    ["26-01-12T10:00/26-01-12T11:00", "26-01-20T12:00/26-01-20T13:00", "26-01-26T10:00/26-01-26T11:00"],
  ],
  [
    "a rule ends at its UTC time, not at that time on the wall",
    "DTSTART;TZID=America/New_York:20260112T200000|DURATION:PT1H|RRULE:FREQ=DAILY;UNTIL=20260114T010000Z",
    ["26-01-13T01:00/26-01-13T02:00", "26-01-14T01:00/26-01-14T02:00"],
  ],
  [
    "a rule that began long ago",
    "DTSTART:19700105T100000Z|DURATION:PT1H|RRULE:FREQ=MONTHLY;BYDAY=1MO;UNTIL=20260301T000000Z",
    ["26-01-05T10:00/26-01-05T11:00", "26-02-02T10:00/26-02-02T11:00"],
  ],
])("%s", (_, event, expected) => {
  expect(read(calendar(event))).toEqual({ busy: expected, problems: [] });
});

test("an occurrence that was moved is busy where it is now, one that was cancelled not at all", () => {
  const series = "DTSTART;TZID=Europe/Berlin:20260112T090000|DURATION:PT1H|RRULE:FREQ=DAILY;COUNT=3";
  const moved = "RECURRENCE-ID;TZID=Europe/Berlin:20260113T090000|DTSTART:20260113T150000Z|DURATION:PT1H";
  const gone = "RECURRENCE-ID:20260114T080000Z|DTSTART:20260114T080000Z|DURATION:PT1H|STATUS:CANCELLED";
  expect(read(calendar(series, moved, gone)).busy).toEqual([
    "26-01-12T08:00/26-01-12T09:00",
    "26-01-13T15:00/26-01-13T16:00",
  ]);
});

test("zones that a calendar describes itself, and names with an address before them, are understood; unknown ones are told of", () => {
  const zone = [
    "BEGIN:VTIMEZONE|TZID:W. Europe Standard Time|BEGIN:STANDARD|DTSTART:16010101T030000|TZOFFSETFROM:+0200|TZOFFSETTO:+0100",
    "|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10|END:STANDARD|BEGIN:DAYLIGHT|DTSTART:16010101T020000|TZOFFSETFROM:+0100",
    "|TZOFFSETTO:+0200|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3|END:DAYLIGHT|END:VTIMEZONE|BEGIN:VEVENT",
  ].join("");
  const text = calendar(
    "DTSTART;TZID=W. Europe Standard Time:20260710T100000|DURATION:PT1H",
    "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Helsinki:20260710T200000|DURATION:PT1H",
    "DTSTART;TZID=Middle Earth:20260710T200000|DURATION:PT1H",
  ).replace("BEGIN:VEVENT", zone.replaceAll("|", "\r\n"));
  const { busy, problems } = read(text);
  expect(busy).toEqual(["26-07-10T08:00/26-07-10T09:00", "26-07-10T17:00/26-07-10T18:00"]);
  expect(problems).toEqual(['"u": is in the time zone "Middle Earth", which nobody knows']);
});

test("free/busy lists are read, without what they say is free", () => {
  const lines = [
    "FREEBUSY:20260110T100000Z/PT1H,20260111T100000Z/20260111T120000Z",
    "FREEBUSY;FBTYPE=FREE:20260112T100000Z/PT1H",
  ];
  const text = ["BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", ...lines, "END:VFREEBUSY", "END:VCALENDAR"].join("\n");
  expect(read(text).busy).toEqual(["26-01-10T10:00/26-01-10T11:00", "26-01-11T10:00/26-01-11T12:00"]);
});

const good = "DTSTART:20260110T100000Z|DURATION:PT1H";
test.each([
  ["DTSTART:20260230T100000Z|DURATION:PT1H", "does not exist"],
  ["DTSTART:20260110T250000Z|DURATION:PT1H", "does not exist"],
  ["DTSTART:soon|DURATION:PT1H", "does not exist"],
  ["SUMMARY:nothing else", "does not say when it begins"],
  ["DTSTART:20260110T100000Z|DTEND:20260110T090000Z", "ends before it begins"],
  ["DTSTART:20260110T100000Z|DURATION:-PT1H", "ends before it begins"],
  ["DTSTART:20260110T100000Z|DURATION:P9X", "duration"],
  ["DTSTART:20260110T100000Z|DURATION:PT1H|RRULE:FREQ=FOO", "FOO"],
  ["DTSTART:20260110T100000Z|DURATION:PT1H|RRULE:FREQ=SECONDLY", "repeats too often"],
  ["DTSTART:20260110T100000Z|DURATION:PT1H|RRULE:FREQ=DAILY;BYSECOND=1,2,3", "repeats too often"],
  [`DTSTART:20260110T100000Z|EXDATE:${"20260101T000000Z,".repeat(2000)}20260101T000000Z`, "too long"],
  ["DTSTART:20260110T100000Z|BEGIN:VEVENT", "begins twice"],
])("a broken entry is told of and the others count: %.60s", (event, problem) => {
  const { busy, problems } = read(calendar(event, good));
  expect(busy).toContain("26-01-10T10:00/26-01-10T11:00");
  expect(problems[0]).toMatch(problem);
});

test.each([
  ["hello", "no iCalendar text"],
  ["<html>\n<body>Please sign in</body>", "no iCalendar text"],
  ["BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:2026", "cut off"],
])("what is no calendar is told of: %j", (text, problem) => {
  expect(read(text)).toMatchObject({ busy: [], problems: [expect.stringMatching(problem)] });
});

// Under a second each; without bounds the test would not end.
test("calendars made to be costly are read within bounds", () => {
  const bomb = (rule: string) => `DTSTART:19700101T000000Z|DURATION:PT1H|RRULE:${rule}`;
  const texts = [
    calendar(...Array.from({ length: 8_000 }, () => bomb("FREQ=SECONDLY"))),
    calendar(...Array.from({ length: 3_000 }, () => bomb("FREQ=DAILY;COUNT=9000000;BYDAY=MO;BYMONTH=2;BYMONTHDAY=30"))),
    calendar(`SUMMARY;${"X=1;".repeat(200_000)}:a|${good}`, `SUMMARY:${"a".repeat(800_000)}|${good}`),
    calendar(`SUMMARY:a${"\r\n b".repeat(200_000)}|${good}`),
    "BEGIN:VCALENDAR\r\n".repeat(50_000),
    calendar("BEGIN:VALARM|".repeat(50_000)),
    calendar(bomb("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), bomb("FREQ=DAILY;INTERVAL=999999999")),
    calendar(bomb("FREQ=DAILY").replace("19700101", "00010101")),
    calendar(`${bomb("FREQ=DAILY")}|DTEND:99991231T000000Z`.replace("|DURATION:PT1H", "")),
    ["BEGIN:VCALENDAR", "BEGIN:VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100"]
      .concat("TZOFFSETTO:+0200", "RRULE:FREQ=SECONDLY", "END:STANDARD", "END:VTIMEZONE", "END:VCALENDAR")
      .join("\n")
      .replace(
        "END:VCALENDAR",
        "BEGIN:VEVENT\nDTSTART;TZID=x:20260110T100000\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR",
      ),
  ];
  for (const text of texts) {
    const { windows, problems } = busyTimesIn(text, berlin);
    expect(windows.length).toBeLessThanOrEqual(mostWindows);
    expect(problems.length).toBeLessThanOrEqual(21);
  }
});

test("no text at all makes reading fail, and busy times are always ahead, in order and apart", () => {
  const piece = fc.constantFrom(
    ...[
      "BEGIN:VEVENT",
      "END:VEVENT",
      "BEGIN:VCALENDAR",
      "END:VCALENDAR",
      "DTSTART:20260110T100000Z",
      "DTSTART;VALUE=DATE:20260301",
    ],
    ...[
      "DTEND:20260110T120000",
      "DURATION:P1W",
      "RRULE:FREQ=WEEKLY;BYDAY=MO",
      "RRULE:COUNT=3",
      "EXDATE;VALUE=DATE:20260110",
      " folded",
    ],
    ...[
      "UID:a",
      "RECURRENCE-ID:20260117T100000Z",
      "TRANSP:OPAQUE",
      "DTSTART;TZID=Mars:1",
      "\u0000",
      'X;A="',
      "RDATE;VALUE=PERIOD:20260110T100000Z/PT1H",
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(piece, { maxLength: 20 }).map((lines) => lines.join("\r\n")),
    fc.array(piece, { maxLength: 8 }).map((lines) => calendar(lines.join("|"))),
  );
  fc.assert(
    fc.property(text, (text) => {
      const { windows } = busyTimesIn(text, berlin);
      for (const [index, { start, end }] of windows.entries()) {
        expect(start).toBeGreaterThanOrEqual(windows[index - 1]?.end ?? now);
        expect(end).toBeGreaterThan(start);
      }
    }),
    { numRuns: 300 },
  );
});

test("what was exported is no busy time when it comes back, and shows at its time in any calendar", () => {
  const start = Date.parse("2026-01-10T10:00:00Z");
  const appointment: Appointment = {
    ...{
      appointmentId: "prov_a.AAAAAAAAAAAAAAAA",
      status: "CONFIRMED",
      userId: "u",
      providerId: "prov_a",
      providerName: "A",
    },
    ...{
      serviceType: "doctor",
      slotId: "s",
      conversationId: "",
      createdAt: now,
      updatedAt: now,
      start,
      end: start + 30 * minuteMs,
    },
  };
  const entry = entryOf(appointment, "doctor");
  const text = calendarFeed({ name: "A;\nBEGIN:VEVENT", entries: entry === undefined ? [] : [entry] });
  expect(read(text)).toEqual({ busy: [], problems: [] });
  expect(read(text.replace("@appointments.parley", "@elsewhere")).busy).toEqual(["26-01-10T10:00/26-01-10T10:30"]);
});
