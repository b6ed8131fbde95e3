// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  createCalendarObject,
  deleteCalendarObject,
  fetchCalendarObjects,
  getBasicAuthHeaders,
  getOauthHeaders,
  updateCalendarObject,
} from "tsdav";
import { boundedFetch } from "./bounded-fetch.ts";
import { mostFeedBytes } from "./feed-calendar.ts";
import type { OutsideCalendar } from "./outside-calendar.ts";

/** How to log in. OAuth exchanges a refresh token for an access token (RFC 6749, section 6); how one gets that is up to the vendor. */
export type Login =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "oauth";
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
    };

/** A calendar at a CalDAV server (RFC 4791). `url` is that of the calendar itself, with a slash at its end. */
export function caldavCalendar(url: string, login: Login): OutsideCalendar {
  const calendar = { url };
  // Keeps the access token until it expires.
  const credentials = { ...login, accessToken: "", expiration: 0 };
  const reach = async (signal: AbortSignal) => {
    const bounded = boundedFetch({ signal, maxBytes: mostFeedBytes });
    const headers =
      login.kind === "basic"
        ? getBasicAuthHeaders(login)
        : (await getOauthHeaders(credentials, undefined, bounded)).headers;
    const { authorization } = headers;
    if (authorization === undefined) throw new Error("the calendar's login gave no authorization");
    return { headers: { authorization }, fetch: bounded };
  };
  return {
    async read({ start, end }, signal) {
      const timeRange = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
      const objects = await fetchCalendarObjects({
        ...{ calendar, timeRange, ...(await reach(signal)) },
        // Not all servers call their entries ".ics".
        urlFilter: (href) => !href.endsWith("/"),
      });
      return objects.flatMap(({ url: href, etag, data }) =>
        typeof data === "string" ? [{ url: href, etag, ics: data }] : [],
      );
    },

    async change(change, signal) {
      const access = await reach(signal);
      switch (change.kind) {
        case "add": {
          const { filename, ics: iCalString } = change;
          return assertDone(await createCalendarObject({ calendar, filename, iCalString, ...access }));
        }
        case "replace": {
          const calendarObject = { ...objectOf(change.object), data: change.ics };
          return assertDone(await updateCalendarObject({ calendarObject, ...access }));
        }
        case "remove": {
          const response = await deleteCalendarObject({ calendarObject: objectOf(change.object), ...access });
          // Somebody has removed it already.
          if (response.status !== 404) assertDone(response);
        }
      }
    },
  };
}

function objectOf({ url, etag }: { url: string; etag?: string | undefined }): { url: string; etag?: string } {
  return etag === undefined ? { url } : { url, etag };
}

function assertDone({ ok, status, url }: Response): void {
  if (!ok) throw new Error(`the calendar refused to change ${url}, with status ${status}`);
}
