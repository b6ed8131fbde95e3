// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { dateInWords } from "../time/local-words.ts";
import type { TimeWords } from "./time-words.ts";

/** The time of the one day that is wished for, in words, where the clocks skip it: daylight saving begins. Undefined where it exists. */
export function skippedTime(words: TimeWords | undefined, timeZone: string): string | undefined {
  const [span, ...more] = words?.days?.spans ?? [];
  if (words?.at === undefined || span === undefined || more.length > 0 || span.first !== span.last) return undefined;
  const date = Temporal.PlainDate.from(span.first);
  const wanted = date.toPlainDateTime(words.at);
  const there = wanted.toZonedDateTime(timeZone).toPlainDateTime().equals(wanted);
  return there ? undefined : `${words.at} on ${dateInWords(date)}`;
}
