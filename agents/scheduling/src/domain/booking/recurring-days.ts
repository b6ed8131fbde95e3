// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { RRuleTemporal } from "rrule-temporal";
import { Temporal } from "temporal-polyfill";
import { dateOrUndefined } from "../sentence/date-span.ts";
import type { RecurringHours } from "./provider.ts";

/** Bounds of one look at a rule: a rule that runs into them gives no days. No rule that {@link ruleProblem} accepts does. */
const bounded = { maxIterations: 5_000, maxCandidateEvaluations: 50_000 } as const;
const most = 1_000;

const whole = (least: number, highest: number) => (text: string) =>
  /^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= highest;
const signed = (highest: number) => (text: string) => whole(1, highest)(text.replace(/^[+-]/, ""));
const list = (each: (text: string) => boolean) => (text: string) => text.split(",").every(each);

/** The parts that a rule may have. Times of day are none of them: those stand beside the rule, in local time. */
const parts: Readonly<Record<string, (value: string) => boolean>> = {
  FREQ: (value) => ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"].includes(value),
  INTERVAL: whole(1, 400),
  COUNT: whole(1, most),
  UNTIL: (value) => dateOf(value) !== undefined,
  BYDAY: list((day) => /^(?:[+-]?(?:[1-9]|[1-4]\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)$/.test(day)),
  BYMONTH: list(whole(1, 12)),
  BYMONTHDAY: list(signed(31)),
  BYYEARDAY: list(signed(366)),
  BYWEEKNO: list(signed(53)),
  BYSETPOS: list(signed(366)),
  WKST: (value) => /^(?:MO|TU|WE|TH|FR|SA|SU)$/.test(value),
};

/** What is wrong with a rule, for whoever wrote it; undefined when nothing is. */
export function ruleProblem({ rule, firstDate }: Pick<RecurringHours, "rule" | "firstDate">): string | undefined {
  const first = dateOf(firstDate.replaceAll("-", ""));
  if (first === undefined) return `there is no day "${firstDate}"; write one like "2026-01-03"`;
  const named = rule.split(";").map((part) => part.split("="));
  const names = named.map(([name]) => name ?? "");
  const wrong = named.findIndex(([name = "", value = "", ...more]) => more.length > 0 || !isPart(name, value));
  if (wrong >= 0)
    return `"${rule.split(";")[wrong]}" is no part of a rule of days; write a rule like "FREQ=MONTHLY;BYDAY=1SA"`;
  if (new Set(names).size < names.length) return `"${rule}" has a part twice`;
  if (!names.includes("FREQ")) return `"${rule}" has no FREQ; write a rule like "FREQ=MONTHLY;BYDAY=1SA"`;
  try {
    if (datesOf({ rule, firstDate }, first, first.add({ years: 10 })).length > 0) return undefined;
  } catch (error) {
    return `"${rule}" cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
  return `"${rule}" gives no day within ten years of ${firstDate}`;
}

/** The days from the first to the last, both included, that a rule gives; none for a rule that cannot be read. */
export function recurringDays(
  hours: RecurringHours,
  first: Temporal.PlainDate,
  last: Temporal.PlainDate,
): readonly Temporal.PlainDate[] {
  try {
    return datesOf(hours, first, last);
  } catch {
    // Refused when it was described; one that is kept from elsewhere must not make a whole calendar unreadable.
    return [];
  }
}

/** Days are counted in UTC, where each has 24 hours; which hours of a day are meant is for the provider's zone to say. */
function datesOf(
  hours: Pick<RecurringHours, "rule" | "firstDate">,
  first: Temporal.PlainDate,
  last: Temporal.PlainDate,
): readonly Temporal.PlainDate[] {
  const found = readRule(hours).between(first.toZonedDateTime("UTC"), last.toZonedDateTime("UTC"), true);
  return found.map((moment) => Temporal.PlainDate.from(moment.toString().slice(0, 10)));
}

const read = new WeakMap<object, RRuleTemporal>();

function readRule(hours: Pick<RecurringHours, "rule" | "firstDate">): RRuleTemporal {
  const known = read.get(hours);
  if (known !== undefined) return known;
  const rule = new RRuleTemporal({
    // A last day is a day as a whole.
    rruleString: hours.rule.replace(/(UNTIL=\d{8})(?=;|$)/, "$1T235959Z"),
    dtstart: Temporal.PlainDate.from(hours.firstDate).toZonedDateTime("UTC"),
    strict: true,
    ...bounded,
  });
  read.set(hours, rule);
  return rule;
}

function isPart(name: string, value: string): boolean {
  return Object.hasOwn(parts, name) && parts[name]?.(value) === true;
}

function dateOf(digits: string): Temporal.PlainDate | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(digits) ?? [];
  if (year === undefined) return undefined;
  return dateOrUndefined({ year: Number(year), month: Number(month), day: Number(day) });
}
