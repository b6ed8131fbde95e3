// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { CalendarService } from "@parley/contracts/parley/scheduling/v1/calendar_pb.js";
import ICAL from "ical.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hourMs } from "./domain/time/time-window.ts";
import { caldavCalendar } from "./outside/caldav-calendar.ts";
import { calendarsFrom } from "./outside/calendar-settings.ts";
import { feedCalendar } from "./outside/feed-calendar.ts";
import type { CalendarChange, CalendarObject, OutsideCalendar } from "./outside/outside-calendar.ts";
import { providerAgent } from "./provider-agent.ts";
import { schedulingAgent } from "./scheduling-agent.ts";
import { booked, choiceOf, first, type TestWorld, testWorld } from "./test-world.ts";
import { userAgent } from "./user-agent.ts";

const providerId = "prov_dr_smith";

/** A calendar elsewhere that keeps what is written to it. */
class KeptCalendar implements OutsideCalendar {
  readonly objects = new Map<string, string>();
  trouble: Error | undefined;

  async read(): Promise<readonly CalendarObject[]> {
    if (this.trouble !== undefined) throw this.trouble;
    return [...this.objects].map(([url, ics]) => ({ url, ics }));
  }

  async change(change: CalendarChange): Promise<void> {
    if (change.kind === "add") this.objects.set(change.filename, change.ics);
    else if (change.kind === "replace") this.objects.set(change.object.url, change.ics);
    else this.objects.delete(change.object.url);
  }
}

const kept = new KeptCalendar();
let world: TestWorld;
beforeAll(async () => {
  const outside = (_: string, calendarId: string) => (calendarId === "work" ? kept : undefined);
  world = await testWorld([userAgent(), schedulingAgent(), providerAgent(outside)]);
});
afterAll(() => world[Symbol.asyncDispose]());

const sharing = () => world.mesh.client(CalendarService, { source: "scheduling.provider" });
const exports = () => world.mesh.client(CalendarService, { source: "scheduling.user" });

async function freeOn(date: string) {
  const start = Date.parse(`${date}T00:00:00Z`);
  const windows = [{ startTime: timestampFromMs(start), endTime: timestampFromMs(start + 24 * hourMs) }];
  const { slots } = await world.providers.queryAvailability({ providerId, serviceType: "doctor", windows });
  return slots.map(({ startTime }) => new Date(Number(startTime?.seconds) * 1000).toISOString().slice(11, 16));
}

const event = (...lines: readonly string[]) => ["BEGIN:VEVENT", "UID:1", ...lines, "END:VEVENT"].join("\r\n");
const calendar = (...events: readonly string[]) => ["BEGIN:VCALENDAR", ...events, "END:VCALENDAR"].join("\r\n");

const busyHour = event("DTSTART:20260113T090000Z", "DURATION:PT1H");

test("what is imported is busy, importing again replaces it, and an empty text frees it", async () => {
  const feed = { providerId, calendarId: "private" };
  const before = await freeOn("2026-01-12");
  const weekly = event("DTSTART:20260105T090000Z", "DURATION:PT3H30M", "RRULE:FREQ=WEEKLY");
  expect(await sharing().importCalendar({ ...feed, ics: calendar(weekly) })).toMatchObject({ problems: [] });
  const during = await freeOn("2026-01-12");
  expect(before).toContain("09:00");
  expect(during[0]).toBe("13:30");
  const answer = await sharing().importCalendar({ ...feed, ics: calendar(event("DTSTART:20260230T090000Z")) });
  expect(answer).toMatchObject({ busyTimes: 0, problems: [expect.stringMatching("does not exist")] });
  expect(await freeOn("2026-01-12")).toEqual(before);
  expect(await sharing().importCalendar({ ...feed, ics: "" })).toMatchObject({ busyTimes: 0, problems: [] });
});

test("a calendar of nobody, or one that is too long, is refused with the reason", async () => {
  const call = (more: object) => sharing().importCalendar({ providerId, calendarId: "x", ics: "", ...more });
  await expect(call({ providerId: "nobody" })).rejects.toThrow('no provider "nobody"');
  await expect(call({ ics: "a".repeat(900_001) })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  const another = (index: number) =>
    sharing().importCalendar({ providerId: "prov_neumann", calendarId: `c${index}`, ics: calendar(busyHour) });
  for (let index = 0; index < 10; index += 1) await another(index);
  await expect(another(10)).rejects.toThrow("has 10 calendars already");
  await expect(sharing().syncCalendar({ providerId, calendarId: "none" })).rejects.toThrow("PARLEY_CALENDARS");
  await expect(exports().exportProviderCalendar({ providerId: "nobody" })).rejects.toThrow('no provider "nobody"');
});

test("appointments are exported for provider and user, and mirrored elsewhere until they are cancelled [R52]", async () => {
  const request = { userId: "ada", serviceType: "doctor", preferredProviderIds: [providerId] };
  const { offers } = await world.scheduling.requestAppointment(request);
  const offer = first(offers.filter((each) => each.providerId === providerId).slice(1));
  const appointment = booked(await world.scheduling.confirmSlot(choiceOf("ada", offer)));
  const eventsOf = (data: Uint8Array | undefined) =>
    new ICAL.Component(ICAL.parse(new TextDecoder().decode(data))).getAllSubcomponents("vevent").map((each) => {
      const { summary, startDate, uid } = new ICAL.Event(each);
      return { uid, summary, start: startDate.toUnixTime(), status: String(each.getFirstPropertyValue("status")) };
    });
  const shown = {
    uid: `${appointment.appointmentId}@appointments.parley`,
    start: Number(appointment.startTime?.seconds),
    status: "CONFIRMED",
  };
  const theirs = await exports().exportUserCalendar({ userId: "ada" });
  expect(theirs.calendar?.contentType).toBe("text/calendar; charset=utf-8");
  expect(eventsOf(theirs.calendar?.data)).toEqual([{ ...shown, summary: "doctor: Dr. Anna Smith" }]);
  const ofProvider = await exports().exportProviderCalendar({ providerId });
  expect(eventsOf(ofProvider.calendar?.data)).toEqual([{ ...shown, summary: "doctor" }]);
  expect(new TextDecoder().decode(ofProvider.calendar?.data)).not.toContain("ada");

  kept.objects.set("foreign.ics", calendar(busyHour));
  const sync = () => sharing().syncCalendar({ providerId, calendarId: "work" });
  expect(await sync()).toMatchObject({ busyTimes: 1, written: 1 });
  expect(kept.objects.size).toBe(2);
  expect(await freeOn("2026-01-13")).not.toContain("09:00");
  // Nothing has changed: nothing is written, and our own entry is no busy time.
  expect(await sync()).toMatchObject({ busyTimes: 1, written: 0 });
  const { appointmentId } = appointment;
  await world.scheduling.cancelAppointment({ userId: "ada", appointmentId });
  expect(await sync()).toMatchObject({ busyTimes: 1, written: 1 });
  expect([...kept.objects.keys()]).toEqual(["foreign.ics"]);
  expect(eventsOf((await exports().exportUserCalendar({ userId: "ada" })).calendar?.data)).toMatchObject([
    { status: "CANCELLED" },
  ]);
});

test("a calendar that cannot be reached is an error, and what was known of it stays", async () => {
  kept.trouble = new Error("the line is down");
  await expect(sharing().syncCalendar({ providerId, calendarId: "work" })).rejects.toThrow("the line is down");
  expect(await freeOn("2026-01-13")).not.toContain("09:00");
  kept.trouble = undefined;
});

const within = { start: 0, end: hourMs };

async function server(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const listening = createServer(answer);
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const close = () => {
    listening.closeAllConnections();
    listening.close();
  };
  return { url, [Symbol.dispose]: close };
}

test("a feed that never ends, one that says nothing, one that fails and one that sends us on are errors", async () => {
  using bad = await server((request, response) => {
    if (request.url === "/endless") {
      const timer = setInterval(() => response.write("X:y\r\n".repeat(10_000)), 5);
      response.on("close", () => clearInterval(timer));
    } else if (request.url === "/moved") response.writeHead(302, { location: "/other" }).end();
    else if (request.url === "/failing") response.writeHead(500).end("no");
  });
  const read = (path: string, signal = AbortSignal.timeout(30_000)) =>
    feedCalendar(`${bad.url}${path}`, 200_000).read(within, signal);
  await expect(read("/endless")).rejects.toThrow("longer than 200000 bytes");
  await expect(read("/failing")).rejects.toThrow("status 500");
  await expect(read("/moved")).rejects.toThrow();
  await expect(read("/silent", AbortSignal.timeout(100))).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a CalDAV calendar behind OAuth is reached with a token that is asked for once", async () => {
  const seen: string[] = [];
  using dav = await server((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`.trim());
    request.resume();
    request.on("end", () => {
      if (request.url === "/token") {
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ access_token: "t1", expires_in: 3600, token_type: "Bearer" }));
      } else response.writeHead(201).end();
    });
  });
  const login = { clientId: "c", clientSecret: "s", refreshToken: "r", tokenUrl: `${dav.url}/token` };
  const calendar = caldavCalendar(`${dav.url}/cal/`, { kind: "oauth", ...login });
  const add = (filename: string) =>
    calendar.change?.({ kind: "add", filename, ics: "BEGIN:VCALENDAR" }, AbortSignal.timeout(30_000));
  await add("a.ics");
  await add("b.ics");
  expect(seen).toEqual(["POST /token", "PUT /cal/a.ics Bearer t1", "PUT /cal/b.ics Bearer t1"]);
});

test("calendars are set up by a file; what is wrong in it is named without what logs in", () => {
  const file = join(mkdtempSync(join(tmpdir(), "parley-")), "calendars.json");
  const outside = (settings: unknown) => {
    writeFileSync(file, typeof settings === "string" ? settings : JSON.stringify(settings));
    return calendarsFrom({ PARLEY_CALENDARS: file });
  };
  const entry = { providerId, calendarId: "work", kind: "caldav", url: "https://calendar.example/c/" };
  const login = { kind: "basic", username: "anna", password: "hunter2" };
  expect(calendarsFrom({})(providerId, "work")).toBeUndefined();
  const known = outside([{ ...entry, login }]);
  expect(known(providerId, "work")).toBeDefined();
  expect(known(providerId, "other")).toBeUndefined();
  for (const [settings, problem] of [
    ["{hunter2", "cannot be read"],
    [{}, "must hold a list"],
    [[{ ...entry, kind: "fax" }], '"kind" must be "feed" or "caldav"'],
    [[{ ...entry, url: "file:///etc/passwd" }], '"url" must be one of http'],
    [[{ ...entry, login: { ...login, username: "" } }], 'login: "username" must be a text'],
    [[entry], 'login: "kind" must be a text'],
  ] as const) {
    expect(() => outside(settings)).toThrow(problem);
    expect(() => outside(settings)).not.toThrow("hunter2");
  }
});
