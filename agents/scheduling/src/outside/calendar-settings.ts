// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { caldavCalendar, type Login } from "./caldav-calendar.ts";
import { feedCalendar } from "./feed-calendar.ts";
import type { OutsideCalendar, OutsideCalendars } from "./outside-calendar.ts";

/** Name of the variable that holds the path of the settings. */
export const calendarsVariable = "PARLEY_CALENDARS";

/**
 * The calendars elsewhere that a JSON file sets up, named by {@link calendarsVariable}; none where it is not set. Each is
 * `{"providerId", "calendarId", "kind": "feed" | "caldav", "url", "login"}`; a login is `{"kind": "basic", "username",
 * "password"}` or `{"kind": "oauth", "tokenUrl", "clientId", "clientSecret", "refreshToken"}`.
 *
 * @throws Error naming the entry that is wrong, never what logs in
 */
export function calendarsFrom(environment: NodeJS.ProcessEnv): OutsideCalendars {
  const path = environment[calendarsVariable];
  if (path === undefined || path === "") return () => undefined;
  const entries = parsed(path);
  const known = new Map(entries.map((entry, index) => calendarOf(entry, `${path}, entry ${index + 1}`)));
  return (providerId, calendarId) => known.get(`${providerId}/${calendarId}`);
}

function parsed(path: string): readonly unknown[] {
  try {
    const entries: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (Array.isArray(entries)) return entries;
  } catch (cause) {
    // The text of a parser's error may quote a password.
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no JSON";
    throw new Error(`${calendarsVariable}: ${path} cannot be read: ${code}`);
  }
  throw new Error(`${calendarsVariable}: ${path} must hold a list of calendars`);
}

function calendarOf(entry: unknown, where: string): readonly [string, OutsideCalendar] {
  const text = textsOf(entry, where);
  const url = text("url");
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw new Error(`${where}: "url" must be one of http or https`);
  const id = `${text("providerId")}/${text("calendarId")}`;
  const kind = text("kind");
  if (kind === "feed") return [id, feedCalendar(url)];
  if (kind === "caldav") return [id, caldavCalendar(url, loginOf(entry, `${where}, login`))];
  throw new Error(`${where}: "kind" must be "feed" or "caldav"`);
}

function loginOf(entry: unknown, where: string): Login {
  const login = typeof entry === "object" && entry !== null && "login" in entry ? entry.login : undefined;
  const text = textsOf(login, where);
  if (text("kind") === "basic") return { kind: "basic", username: text("username"), password: text("password") };
  if (text("kind") !== "oauth") throw new Error(`${where}: "kind" must be "basic" or "oauth"`);
  const client = { clientId: text("clientId"), clientSecret: text("clientSecret") };
  return { kind: "oauth", tokenUrl: text("tokenUrl"), refreshToken: text("refreshToken"), ...client };
}

function textsOf(entry: unknown, where: string): (name: string) => string {
  const values = new Map<string, unknown>(typeof entry === "object" && entry !== null ? Object.entries(entry) : []);
  return (name) => {
    const value = values.get(name);
    if (typeof value === "string" && value !== "") return value;
    throw new Error(`${where}: "${name}" must be a text`);
  };
}
