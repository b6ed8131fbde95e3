// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Offer } from "../booking/offer.ts";
import { localTime } from "../time/time-zone.ts";

/** What was suggested to a user; the latest few. */
export interface Suggestions {
  /** Day of the user on which they were suggested something last, ISO date; unset: never. */
  readonly lastDate?: string | undefined;
  /** Oldest first. */
  readonly made: readonly Suggestion[];
}

/** One suggestion. */
export interface Suggestion {
  readonly suggestionId: string;
  readonly offer: Offer;
  /** Unset: not answered yet. */
  readonly accepted?: boolean | undefined;
}

/** What happens to the suggestions of a user. */
export type SuggestionEvent =
  | { readonly kind: "proposed"; readonly suggestionId: string; readonly offer: Offer; readonly localDate: string }
  | { readonly kind: "answered"; readonly suggestionId: string; readonly accepted: boolean };

/** Nothing was suggested yet. */
export const noSuggestions: Suggestions = { made: [] };

const kept = 20;

/** The suggestions after the event. */
export function evolveSuggestions(suggestions: Suggestions, event: SuggestionEvent): Suggestions {
  switch (event.kind) {
    case "proposed": {
      const { suggestionId, offer, localDate } = event;
      return { lastDate: localDate, made: [...suggestions.made, { suggestionId, offer }].slice(-kept) };
    }
    case "answered": {
      const { suggestionId, accepted } = event;
      const made = suggestions.made.map((each) => (each.suggestionId === suggestionId ? { ...each, accepted } : each));
      return { ...suggestions, made };
    }
  }
}

/** The day that the user's calendar shows. */
export function localDate(now: number, timeZone: string): string {
  return localTime(now, timeZone).toPlainDate().toString();
}

/** Whether a time may be suggested to the user today: nothing else was, and not that very time before. */
export function maySuggest({ lastDate, made }: Suggestions, offer: Offer, today: string): boolean {
  const before = made.some(
    ({ offer: { providerId, start } }) => providerId === offer.providerId && start === offer.start,
  );
  return lastDate !== today && !before;
}
