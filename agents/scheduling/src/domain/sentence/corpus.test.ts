// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Provider } from "../booking/provider.ts";
import { type Request, requestAfter } from "../conversation/conversation.ts";
import { wishOf } from "../time/time-preference.ts";
import { bounds } from "../time/time-window.ts";
import { localTime } from "../time/time-zone.ts";
import { preferenceOf } from "./time-words.ts";
import { type Understood, understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

/** The first line of the corpus: when and where its sentences are said, and who is known. */
interface Setting {
  readonly now: string;
  readonly zone: string;
  readonly providers: readonly {
    readonly id: string;
    readonly name: string;
    readonly service: string;
    readonly names: readonly string[];
  }[];
}

/** Any other line: sentences said one after the other, and what is wanted after the last. What is not there is not wanted. */
interface Saying {
  readonly say: readonly string[];
  /** Default: BOOK_APPOINTMENT. */
  readonly intent?: string;
  readonly service?: string;
  readonly providers?: readonly string[];
  readonly unwanted?: readonly string[];
  readonly minutes?: number;
  /** Local times: "at 11-22 15:00", or from the first to the last moment, with the number of stretches where there are several. */
  readonly when?: string;
  readonly impossible?: string;
  /** How many offers can be chosen from; default 0. */
  readonly offers?: number;
  /** Which one is chosen, from 1. */
  readonly choice?: number;
}

const lines = readFileSync(new URL("../../../corpus/sentences.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");
const [setting, ...sayings] = lines.map((line) => JSON.parse(line)) as [Setting, ...Saying[]];
const now = Date.parse(setting.now);
const here = { now, timeZone: setting.zone };
const providers = setting.providers.map(
  ({ id, name, service, names }): Provider => ({
    ...{ providerId: id, name, aliases: [], timeZone: setting.zone, workingHours: [] },
    services: [{ serviceType: service, names, durationMinutes: 30 }],
  }),
);
const vocabulary = vocabularyOf(providers);
/** A start of offers that no sentence of the corpus speaks of. */
const offersFrom = Date.parse("2026-12-29T03:07:00Z");

function heard({ say, offers = 0 }: Saying): Saying {
  const offered = Array.from({ length: offers }, (_, index) => ({
    providerId: "somebody",
    start: offersFrom + index * 3_600_000,
  }));
  let request: Request = { providerIds: [] };
  let last: Understood | undefined;
  for (const sentence of say) {
    last = understand(sentence, { ...here, vocabulary, offered });
    request = requestAfter(request, last);
  }
  const { serviceType: service, providerIds, unwantedIds = [], durationMinutes: minutes } = request;
  const choice = last?.choice?.kind === "one" ? last.choice.index + 1 : undefined;
  const { intent, impossible } = last ?? {};
  const found = {
    ...{ say, intent: intent === "BOOK_APPOINTMENT" ? undefined : intent, service, minutes, impossible, choice },
    providers: providerIds.length === 0 ? undefined : [...providerIds].sort(),
    unwanted: unwantedIds.length === 0 ? undefined : [...unwantedIds].sort(),
    offers: offers === 0 ? undefined : offers,
    when: whenIn(request),
  };
  return JSON.parse(JSON.stringify(found));
}

function whenIn({ when }: Request): string | undefined {
  if (when === undefined) return undefined;
  const { ideal, windows } = wishOf(preferenceOf(when, here), now);
  const shown = (instant: number) =>
    localTime(instant, setting.zone).toPlainDateTime().toString({ smallestUnit: "minute" }).slice(5).replace("T", " ");
  if (ideal !== undefined) return `at ${shown(ideal)}`;
  const whole = bounds(windows);
  if (whole === undefined) return "past";
  return `${shown(whole.start)} to ${shown(whole.end)}${windows.length > 1 ? ` x${windows.length}` : ""}`;
}

/** JSON with sorted keys, so that the order in which a line is written makes no difference. */
function sorted(saying: Saying): string {
  return JSON.stringify(Object.fromEntries(Object.entries(saying).sort()));
}

test("at least 95 % of the corpus are understood", () => {
  const misses = sayings.filter((saying) => sorted(saying) !== sorted(heard(saying)));
  const right = 1 - misses.length / sayings.length;
  const shown = misses.map((saying) => `  wanted ${JSON.stringify(saying)}\n  heard  ${JSON.stringify(heard(saying))}`);
  process.stdout.write(
    `${sayings.length - misses.length} of ${sayings.length} sentences right (${(100 * right).toFixed(1)} %)\n${shown.join("\n")}\n`,
  );
  expect(sayings.length).toBeGreaterThanOrEqual(150);
  expect(right).toBeGreaterThanOrEqual(0.95);
});

test("no sentence stands in the corpus twice", () => {
  const said = sayings.map(({ say, offers = 0 }) => `${offers} ${say.join(" / ").toLowerCase()}`);
  expect(said.filter((each, index) => said.indexOf(each) !== index)).toEqual([]);
});
