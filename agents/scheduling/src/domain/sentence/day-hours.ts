// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DailyHours, TimeOfDay } from "../time/time-zone.ts";
import { clockPattern, clockTime, type HalfOfDay, minutesOf, timeOfDay } from "./clock-time.ts";
import { type Scan, take } from "./scan.ts";

/** What a sentence says of the time of day. */
export interface HourWords {
  /** Within these. */
  readonly hours?: DailyHours | undefined;
  /** Exactly then. */
  readonly at?: TimeOfDay | undefined;
}

const parts: readonly (readonly [pattern: RegExp, from: TimeOfDay, until: TimeOfDay])[] = [
  [/\b(?:early (?:in the )?morning|first thing)\b/, "06:00", "09:00"],
  [/\b(?:late (?:in the )?morning|before lunch)\b/, "10:00", "12:00"],
  [/\bmid[- ]?morning\b/, "09:00", "11:00"],
  [/\bmornings?\b/, "06:00", "12:00"],
  [/\bearly (?:in the )?afternoon\b|\bafter lunch\b/, "12:00", "15:00"],
  [/\b(?:over |at |during )?lunch(?: ?time| break)?\b/, "11:30", "14:00"],
  [/\bmid[- ]?afternoon\b/, "14:00", "16:00"],
  [/\b(?:late (?:in the )?afternoon|end of the day)\b/, "15:00", "18:00"],
  [/\bafternoons?\b/, "12:00", "18:00"],
  [/\bafter work\b/, "17:00", "22:00"],
  [/\bbefore work\b/, "06:00", "09:00"],
  [/\b(?:evenings?|(?:at |late at )?nights?)\b/, "17:00", "22:00"],
];

const { any, explicit } = clockPattern;
const ranges = [
  new RegExp(String.raw`\b(?:between|from) (${any}) ?(?:and|to|until|till|through|thru|-) ?(${any})`),
  new RegExp(`(${any}) ?(?:to|until|till|-) ?(${explicit})`),
];
const untils = new RegExp(
  String.raw`\b(?:not (?:after|later than)|no later than|done by|(?<!not )before|until|till|by|up to) (${any})`,
);
const froms = new RegExp(
  String.raw`\b(?:(?:any ?time )?(?<!not )after|not (?:before|earlier than)|no earlier than|starting (?:at|from)|from|(?<!not |no )later than|earliest(?: at)?) (${any})(?: (?:on|onwards?))?`,
);
const ats = [
  new RegExp(String.raw`(?:\b(?:at|around|about|make (?:it|that)|do|say)|@) ?(${any})`),
  new RegExp(`(${explicit})`),
];

/** The time of day in a sentence. Limits narrow a part of the day ("afternoon, not before 3"), or win where they contradict it. */
export function hoursIn(scan: Scan): HourWords & { readonly scan: Scan } {
  const part = partOfDay(scan);
  const half: HalfOfDay =
    part.hours === undefined
      ? undefined
      : part.hours.until <= "12:00"
        ? "am"
        : part.hours.from >= "12:00"
          ? "pm"
          : undefined;
  const range = between(part.scan, half);
  if (range !== undefined) return range;
  const until = limit(part.scan, untils, half);
  const from = limit(until.scan, froms, half);
  if (until.time !== undefined || from.time !== undefined) {
    const hours = hoursOf(from.time ?? "00:00", until.time ?? "24:00");
    return { scan: from.scan, hours: hours === undefined ? part.hours : narrowed(part.hours, hours) };
  }
  for (const pattern of ats) {
    const at = limit(part.scan, pattern, half);
    if (at.time !== undefined) return { scan: at.scan, at: at.time === "24:00" ? "00:00" : at.time };
  }
  return part;
}

function partOfDay(scan: Scan): { readonly scan: Scan; readonly hours?: DailyHours | undefined } {
  let left = scan;
  let hours: DailyHours | undefined;
  for (const [pattern, from, until] of parts) {
    const found = take(left, pattern);
    if (found === undefined) continue;
    left = found.scan;
    // "Morning or afternoon" means either.
    hours = hours === undefined ? { from, until } : { from: least(hours.from, from), until: most(hours.until, until) };
  }
  return { scan: left, hours };
}

function between(scan: Scan, half: HalfOfDay): (HourWords & { readonly scan: Scan }) | undefined {
  for (const pattern of ranges) {
    const found = take(scan, pattern);
    if (found === undefined) continue;
    const [, first = "", second = ""] = found.match;
    const until = clockTime(second, half);
    if (until === undefined) continue;
    const from = startBefore(first, { until, half, suffix: /[ap]m$/.exec(second)?.[0] });
    const hours = from === undefined ? undefined : hoursOf(from, until);
    if (hours !== undefined) return { scan: found.scan, hours };
  }
  return undefined;
}

/** The start of "2 to 4 pm" takes the end's half of the day where that makes sense: "10 to 2 pm" begins in the morning. */
function startBefore(
  words: string,
  end: { until: TimeOfDay; half: HalfOfDay; suffix: string | undefined },
): TimeOfDay | undefined {
  const halves = [end.suffix as HalfOfDay, end.half, "am" as const];
  return halves.map((half) => clockTime(words, half)).find((time) => time !== undefined && time < end.until);
}

function limit(
  scan: Scan,
  pattern: RegExp,
  half: HalfOfDay,
): { readonly scan: Scan; readonly time?: TimeOfDay | undefined } {
  const found = take(scan, pattern);
  const time = found === undefined ? undefined : clockTime(found.match[1] ?? "", half);
  return found === undefined || time === undefined ? { scan } : { scan: found.scan, time };
}

function narrowed(part: DailyHours | undefined, hours: DailyHours): DailyHours {
  return part === undefined ? hours : (sharedHours(part, hours) ?? hours);
}

/** What both have in common; undefined when that is nothing. */
export function sharedHours(one: DailyHours, other: DailyHours): DailyHours | undefined {
  return hoursOf(most(one.from, other.from), least(one.until, other.until));
}

/** Hours said later, after others: a limit ("after 3") narrows them where it can, anything else takes their place. */
export function correctedHours(earlier: DailyHours | undefined, later: DailyHours): DailyHours {
  const limit = later.from === "00:00" || later.until === "24:00";
  return limit ? narrowed(earlier, later) : later;
}

function hoursOf(from: TimeOfDay, until: TimeOfDay): DailyHours | undefined {
  return from < until ? { from, until } : undefined;
}

/** The hour that begins at a time of day; less at the end of the day. */
export function hourFrom(at: TimeOfDay): DailyHours {
  return { from: at, until: timeOfDay(Math.min(minutesOf(at) + 60, 24 * 60)) };
}

function least(one: TimeOfDay, other: TimeOfDay): TimeOfDay {
  return one < other ? one : other;
}

function most(one: TimeOfDay, other: TimeOfDay): TimeOfDay {
  return one > other ? one : other;
}
