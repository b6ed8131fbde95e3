// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { boundedFetch } from "./bounded-fetch.ts";
import type { OutsideCalendar } from "./outside-calendar.ts";

/** Default for the bytes of a feed. */
export const mostFeedBytes = 4_000_000;

/** A calendar that is published as an iCalendar text at a URL; it can only be read. */
export function feedCalendar(url: string, maxBytes: number = mostFeedBytes): OutsideCalendar {
  return {
    async read(_within, signal) {
      const response = await boundedFetch({ signal, maxBytes })(url, { headers: { accept: "text/calendar" } });
      if (!response.ok) throw new Error(`the feed answered with status ${response.status}`);
      return [{ url, ics: await response.text() }];
    },
  };
}
