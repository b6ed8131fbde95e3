// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { calendarFeed, type FeedEntry, uidOf } from "./feed.ts";

/** An entry as it stands in a calendar elsewhere. */
export interface Standing {
  readonly ics: string;
}

/** What is to be done elsewhere so that it shows these entries. */
export interface Mirroring<S extends Standing> {
  readonly add: readonly { readonly id: string; readonly ics: string }[];
  readonly replace: readonly { readonly object: S; readonly ics: string }[];
  readonly remove: readonly S[];
}

/** Compares what should stand in a calendar elsewhere with what does. Entries that were not made here are left alone. */
export function mirroring<S extends Standing>(entries: readonly FeedEntry[], standing: readonly S[]): Mirroring<S> {
  const ours = new Map(standing.flatMap((object) => (uidIn(object) === undefined ? [] : [[uidIn(object), object]])));
  const wanted = new Map(entries.map((entry) => [uidOf(entry.id), entry]));
  const icsOf = (entry: FeedEntry) => calendarFeed({ entries: [entry] });
  return {
    add: entries.filter(({ id }) => !ours.has(uidOf(id))).map((entry) => ({ id: entry.id, ics: icsOf(entry) })),
    replace: [...wanted].flatMap(([uid, entry]) => {
      const object = ours.get(uid);
      const ics = icsOf(entry);
      return object === undefined || same(object.ics, ics) ? [] : [{ object, ics }];
    }),
    remove: [...ours].flatMap(([uid, object]) => (wanted.has(uid ?? "") ? [] : [object])),
  };
}

function uidIn({ ics }: Standing): string | undefined {
  return /^UID:(.+@appointments\.parley)\s*$/m.exec(unfolded(ics))?.[1];
}

/** Servers write entries in their own way; what counts is when they are and whether they are certain. */
function same(one: string, other: string): boolean {
  return ["DTSTART", "DTEND", "STATUS", "SUMMARY"].every((name) => valueIn(one, name) === valueIn(other, name));
}

function valueIn(ics: string, name: string): string | undefined {
  return new RegExp(String.raw`^${name}[;:](.*?)\s*$`, "m").exec(unfolded(ics))?.[1];
}

function unfolded(ics: string): string {
  return ics.replaceAll(/\r?\n[ \t]/g, "");
}
