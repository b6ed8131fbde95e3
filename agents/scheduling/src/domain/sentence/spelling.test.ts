// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { sampleProviders } from "./sample-providers.ts";
import { respelled } from "./spelling.ts";
import { vocabularyOf } from "./vocabulary.ts";

const vocabulary = vocabularyOf(sampleProviders);

test.each([
  ["wendsday", "wednesday"],
  ["tommorow", "tomorrow"],
  ["docotr", "doctor"],
  ["docters", "doctor"],
  ["smtih", "smith"],
  ["webber", "weber"],
  ["physiotherapits", "physiotherapist"],
])("%s is %s", (typed, meant) => {
  expect(respelled(`a ${typed} please`, vocabulary)).toBe(`a ${meant} please`);
});

test.each(["match the message", "mourning a friend", "doctor friday", "smyth", "actor", "mon tue", "sunny"])(
  "%s is left as it is",
  (sentence) => {
    expect(respelled(sentence, vocabulary)).toBe(sentence);
  },
);

test("what is as near to two words is left alone", () => {
  const both = vocabularyOf([
    { ...sampleProviders[0], name: "Anna Walther", aliases: [] },
    { ...sampleProviders[1], name: "Jonas Walthes", aliases: [] },
  ] as typeof sampleProviders);
  expect(respelled("walthe", both)).toBe("walthe");
});
