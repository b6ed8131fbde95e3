// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { wishOf } from "../time/time-preference.ts";
import { bounds } from "../time/time-window.ts";
import { sampleProviders } from "./sample-providers.ts";
import { preferenceOf } from "./time-words.ts";
import { understand } from "./understand.ts";
import { vocabularyOf } from "./vocabulary.ts";

// A Saturday.
const now = Date.parse("2026-11-21T12:30:00Z");
const vocabulary = vocabularyOf(sampleProviders);

function read(sentence: string, timeZone = "UTC") {
  const here = { now, timeZone };
  const understood = understand(sentence, { ...here, vocabulary, offered: [] });
  const wish = understood.when === undefined ? undefined : wishOf(preferenceOf(understood.when, here), now);
  const shown = (instant: number | undefined) =>
    instant === undefined ? "" : new Date(instant).toISOString().slice(5, 16).replace("T", " ");
  const window = bounds(wish?.windows ?? []);
  const time =
    wish?.ideal === undefined ? `${shown(window?.start)} to ${shown(window?.end)}` : `at ${shown(wish.ideal)}`;
  return {
    understood,
    when: wish === undefined ? "" : `${time}${(wish.windows.length ?? 0) > 1 ? ` x${wish.windows.length}` : ""}`,
  };
}

test.each<[sentence: string, service: string, providers: string, when: string, minutes?: number]>([
  ["Book a doctor's appointment for tomorrow afternoon", "doctor", "", "11-22 12:00 to 11-22 18:00"],
  ["Book a doctor for tomorrow afternoon", "doctor", "", "11-22 12:00 to 11-22 18:00"],
  ["I need a dentist next Tuesday not before 10", "dentist", "", "11-24 10:00 to 11-25 00:00"],
  ["Can I see Dr Smith on Monday morning?", "", "prov_dr_smith", "11-23 06:00 to 11-23 12:00"],
  ["can i see doctor smith monday", "", "prov_dr_smith", "11-23 00:00 to 11-24 00:00"],
  ["A doctor please, Doctor Weber if possible", "doctor", "prov_dr_weber", ""],
  ["dental check-up on 24 November at 3pm for 45 minutes", "dentist", "", "at 11-24 15:00", 45],
  ["physio next week after 4pm", "physiotherapist", "", "11-23 16:00 to 11-30 00:00 x7"],
  ["doctor tomorrow between 2 and 4", "doctor", "", "11-22 14:00 to 11-22 16:00"],
  ["doctor tomorrow from 2 to 4 pm", "doctor", "", "11-22 14:00 to 11-22 16:00"],
  ["doctor tomorrow from 10 to 2 pm", "doctor", "", "11-22 10:00 to 11-22 14:00"],
  ["doctor 2-4pm on Tuesday", "doctor", "", "11-24 14:00 to 11-24 16:00"],
  ["GP on Tuesday or Thursday afternoon", "doctor", "", "11-24 12:00 to 11-26 18:00 x2"],
  ["an appointment with Clara Muller in 2 hours", "", "prov_mueller", "at 11-21 14:30"],
  ["doctor in half an hour", "doctor", "", "at 11-21 13:00"],
  ["a 45-minute physio session the day after tomorrow", "physiotherapist", "", "11-23 00:00 to 11-24 00:00", 45],
  ["an hour with the physio on Mondays", "physiotherapist", "", "11-23 00:00 to 12-15 00:00 x4", 60],
  ["doctor for an hour and a half tomorrow", "doctor", "", "11-22 00:00 to 11-23 00:00", 90],
  ["doctor on weekdays before 9", "doctor", "", "11-23 00:00 to 12-18 09:00 x20"],
  ["doctor this weekend", "doctor", "", "11-21 12:30 to 11-23 00:00"],
  ["doctor next weekend", "doctor", "", "11-28 00:00 to 11-30 00:00"],
  ["Tuesday next week with a doctor", "doctor", "", "11-24 00:00 to 11-25 00:00"],
  ["dentist on the 27th", "dentist", "", "11-27 00:00 to 11-28 00:00"],
  ["dentist 24.11. at 10:30", "dentist", "", "at 11-24 10:30"],
  ["dentist 24/11/2026", "dentist", "", "11-24 00:00 to 11-25 00:00"],
  ["doctor Friday the 27th at noon", "doctor", "", "at 11-27 12:00"],
  ["doctor Wed 25 Nov at half past ten", "doctor", "", "at 11-25 10:30"],
  ["Appointment for a doctor on 2026-12-01T14:00", "doctor", "", "at 12-01 14:00"],
  ["see a doctor asap", "doctor", "", "11-21 12:30 to 12-05 12:30"],
  ["I want to see Dr. May in May", "", "prov_dr_may", "05-01 00:00 to 06-01 00:00"],
  ["a doctor in May", "doctor", "", "05-01 00:00 to 06-01 00:00"],
  ["Good afternoon, I'd like to see a dentist", "dentist", "", ""],
  ["the doctor, any day after 5", "doctor", "", "11-21 17:00 to 12-05 00:00 x14"],
  ["doctor tomorrow afternoon, not before 3", "doctor", "", "11-22 15:00 to 11-22 18:00"],
  ["doctor tomorrow not after 5 pm", "doctor", "", "11-22 00:00 to 11-22 17:00"],
  ["doctor yesterday", "doctor", "", " to "],
  ["doctor last Monday", "doctor", "", " to "],
  ["doctor from Thursday on", "doctor", "", "11-26 00:00 to 12-24 00:00"],
  ["doctor until Friday", "doctor", "", "11-21 12:30 to 11-28 00:00"],
  ["doctor before Wednesday", "doctor", "", "11-21 12:30 to 11-25 00:00"],
  ["doctor Monday to Wednesday after lunch", "doctor", "", "11-23 12:00 to 11-25 15:00 x3"],
  ["doctor between Monday and Wednesday", "doctor", "", "11-23 00:00 to 11-26 00:00"],
  ["doctor in the next 3 days", "doctor", "", "11-21 12:30 to 11-25 00:00"],
  ["doctor in three days at 11", "doctor", "", "at 11-24 11:00"],
  ["doctor tonight", "doctor", "", "11-21 17:00 to 11-21 22:00"],
  ["doctor this afternoon", "doctor", "", "11-21 12:30 to 11-21 18:00"],
  ["doctor tomorrow at 9 o'clock", "doctor", "", "at 11-22 09:00"],
  ["doctor at 5", "doctor", "", "at 11-21 17:00"],
  ["doctor at 10", "doctor", "", "at 11-22 10:00"],
  ["doctor next month", "doctor", "", "12-01 00:00 to 01-01 00:00"],
  ["I’VE GOT BAD TEETH, tomorrow around 3\u0007\n", "dentist", "", "at 11-22 15:00"],
])("%s", (sentence, service, providers, when, minutes) => {
  const { understood, when: shown } = read(sentence);
  expect(understood).toMatchObject({ intent: "BOOK_APPOINTMENT", serviceTypes: service === "" ? [] : [service] });
  expect(understood.providerIds.join()).toBe(providers);
  expect(understood.durationMinutes).toBe(minutes);
  expect(shown).toBe(when);
});

test("days and hours are those of the speaker's zone, across a clock change too", () => {
  expect(read("doctor tomorrow afternoon", "America/New_York").when).toBe("11-22 17:00 to 11-22 23:00");
  // Already Sunday in Auckland, whose tomorrow afternoon is a Monday.
  expect(read("doctor tomorrow afternoon", "Pacific/Auckland").when).toBe("11-22 23:00 to 11-23 05:00");
  expect(read("doctor on 27 March at 9", "Europe/Berlin").when).toBe("at 03-27 08:00");
  expect(read("doctor on 28 March at 9", "Europe/Berlin").when).toBe("at 03-28 07:00");
  expect(read("doctor in 2 hours", "Asia/Kathmandu").when).toBe("at 11-21 14:30");
});

test("dates in figures are read as people write them where the speaker is", () => {
  expect(read("doctor on 4/12", "Europe/Berlin").when).toBe("12-03 23:00 to 12-04 23:00");
  expect(read("doctor on 12/4", "America/New_York").when).toBe("12-04 05:00 to 12-05 05:00");
});

test.each([
  ["cancel it", "CANCEL_APPOINTMENT"],
  ["I can't make it tomorrow", "CANCEL_APPOINTMENT"],
  ["what are my appointments?", "LIST_APPOINTMENTS"],
  ["show me my bookings", "LIST_APPOINTMENTS"],
  ["no thanks", "DECLINE"],
  ["asdf qwer", "UNCLEAR"],
  ["hello", "UNCLEAR"],
  ["yes", "UNCLEAR"],
  ["!!!", "UNCLEAR"],
  ["I need an appointment", "BOOK_APPOINTMENT"],
])("%j is %s", (sentence, intent) => {
  expect(read(sentence).understood.intent).toBe(intent);
});

test("a name that two share means both, a name that nobody has is noticed", () => {
  expect(read("GP with Dr Nobody").understood).toMatchObject({ serviceTypes: ["doctor"], unknownName: "Nobody" });
  const namesakes = vocabularyOf([
    ...sampleProviders,
    { ...sampleProviders[0], providerId: "other", name: "Prof. Karl Smith" } as (typeof sampleProviders)[number],
  ]);
  const hearing = { now, timeZone: "UTC", vocabulary: namesakes, offered: [] };
  expect(understand("a doctor, Smith", hearing).providerIds).toEqual(["prov_dr_smith", "other"]);
  expect(understand("Karl Smith", hearing).providerIds).toEqual(["other"]);
});

test("what services are called comes from the providers alone", () => {
  const barber = {
    ...sampleProviders[0],
    services: [{ serviceType: "haircut", names: ["trim", "barber"], durationMinutes: 20 }],
  } as (typeof sampleProviders)[number];
  const understood = understand("Could the barber's do me tomorrow?", {
    now,
    timeZone: "UTC",
    vocabulary: vocabularyOf([barber]),
    offered: [],
  });
  expect(understood.serviceTypes).toEqual(["haircut"]);
  expect(
    understand("a dentist", { now, timeZone: "UTC", vocabulary: vocabularyOf([barber]), offered: [] }).serviceTypes,
  ).toEqual([]);
});

test("no sentence at all makes understanding fail", () => {
  const words = fc.constantFrom(
    "doctor",
    "at",
    "25:99",
    "31 february",
    "from",
    "to",
    "not before",
    "24:00",
    "midnight",
    "monday",
    "next",
    "week",
    "in",
    "99",
    "99/99",
    "0.0.",
    "the 31st",
    "year",
    "-",
    "|",
    "\u0000",
    "half past",
    "for",
    "hours",
    "ago",
    "dr",
    "with",
    "may",
    "12am",
    "until",
    "13pm",
    "1.13.2026",
    "29 feb",
    "a fortnight",
    "last",
    "999999999",
  );
  const sentence = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.array(words, { maxLength: 14 }).map((list) => list.join(" ")),
  );
  fc.assert(
    fc.property(sentence, fc.constantFrom("UTC", "Pacific/Apia", "America/New_York"), (sentence, timeZone) => {
      const { understood } = read(sentence, timeZone);
      for (const window of wishOf(preferenceOf(understood.when, { now, timeZone }), now).windows)
        expect(window.start).toBeGreaterThanOrEqual(now);
    }),
    { numRuns: 400 },
  );
});

test("the longest sentence allowed, of any shape, is still read quickly", () => {
  for (const piece of [
    "monday ",
    "in 2 hours ",
    "2 hours ",
    "from 2 to 4 ",
    "the 27th ",
    "1/",
    "a",
    " ",
    "doctor ",
    "not before ",
    "between ",
    "half past ",
    "12:30",
    "may ",
    "dr ",
    "yes, ok, the ",
    "1.",
    "--",
  ]) {
    const before = process.cpuUsage();
    read(piece.repeat(2000 / piece.length).slice(0, 2000));
    // Some milliseconds; an exponential pattern would take minutes.
    expect(process.cpuUsage(before).user / 1e3, piece).toBeLessThan(2_000);
  }
});

test.each(["Pacific/Apia", "Pacific/Pago_Pago", "America/Santiago"])(
  "on a machine in %s the speaker's days are the same",
  (machine) => {
    const before = process.env["TZ"];
    process.env["TZ"] = machine;
    try {
      expect(new Date(now).getTimezoneOffset()).not.toBe(0);
      expect(read("doctor the day after tomorrow").when).toBe("11-23 00:00 to 11-24 00:00");
      expect(read("doctor in three days at 11").when).toBe("at 11-24 11:00");
      expect(read("doctor in 2 hours").when).toBe("at 11-21 14:30");
      expect(read("doctor on 24 November").when).toBe("11-24 00:00 to 11-25 00:00");
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  },
);
