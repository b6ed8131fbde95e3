// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type TimePreference as PreferenceMessage,
  TimePreferenceSchema,
} from "@parley/contracts/parley/scheduling/v1/time_pb.js";
import { scanOf } from "../domain/sentence/scan.ts";
import { preferenceOf, timeWordsIn } from "../domain/sentence/time-words.ts";
import type { TimePreference, Wanted } from "../domain/time/time-preference.ts";
import { milliseconds } from "./instants.ts";

type Kind = PreferenceMessage["kind"];

/** The wish as a message. */
export function preferenceMessage({ wanted, hours, timeZone, text }: TimePreference): PreferenceMessage {
  return create(TimePreferenceSchema, {
    ...(hours === undefined ? {} : { dailyHours: { ...hours } }),
    kind: kindOf(wanted),
    timeZone,
    text: text ?? "",
  });
}

/**
 * The wish that a message says, in a zone that is known to exist; undefined when it says a time in words that hold none.
 */
export function preferenceFrom(
  message: PreferenceMessage | undefined,
  here: { now: number; timeZone: string },
): TimePreference | undefined {
  const { timeZone } = here;
  if (message === undefined) return { wanted: { kind: "any" }, timeZone };
  const { kind, dailyHours, text } = message;
  const hours = dailyHours === undefined ? undefined : { from: dailyHours.from, until: dailyHours.until };
  if (kind.case !== "relative") return { wanted: wantedBy(kind), hours, timeZone, text };
  const { words } = timeWordsIn(scanOf(kind.value.text), here);
  if (words === undefined) return undefined;
  const spoken = preferenceOf(words, here);
  return { ...spoken, hours: hours ?? spoken.hours, text: text === "" ? kind.value.text : text };
}

function kindOf(wanted: Wanted): NonNullable<MessageInitShape<typeof TimePreferenceSchema>["kind"]> {
  switch (wanted.kind) {
    case "any":
      return { case: undefined };
    case "at":
      return { case: "specific", value: { startTime: timestampFromMs(wanted.start) } };
    case "range":
      return {
        case: "range",
        value: { earliest: timestampFromMs(wanted.earliest), latest: timestampFromMs(wanted.latest) },
      };
    case "days":
      return {
        case: "daysOfWeek",
        value: {
          days: [...wanted.days],
          ...(wanted.earliest === undefined ? {} : { earliest: timestampFromMs(wanted.earliest) }),
          ...(wanted.latest === undefined ? {} : { latest: timestampFromMs(wanted.latest) }),
        },
      };
  }
}

function wantedBy(kind: Exclude<Kind, { case: "relative" }>): Wanted {
  switch (kind.case) {
    case "specific":
      return { kind: "at", start: milliseconds(kind.value.startTime) };
    case "range":
      return { kind: "range", earliest: milliseconds(kind.value.earliest), latest: milliseconds(kind.value.latest) };
    case "daysOfWeek": {
      const { days, earliest, latest } = kind.value;
      return {
        kind: "days",
        days,
        earliest: earliest === undefined ? undefined : milliseconds(earliest),
        latest: latest === undefined ? undefined : milliseconds(latest),
      };
    }
    case undefined:
      return { kind: "any" };
  }
}
