// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, createRegistry, fromJson, toJson } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../../test/gen/parley/test/v1/echo_pb.js";
import { EnclosureSchema, LetterPostedSchema } from "../../../../test/gen/parley/test/v1/letter_pb.js";
import { mayBeSensitive, redact, restore } from "./redaction.ts";

const registry = createRegistry(LetterPostedSchema, EnclosureSchema);
const letter = create(LetterPostedSchema, {
  to: "ada",
  subject: "hello",
  text: "secret",
  enclosures: [{ name: "ring", worth: 700n }, { name: "note" }],
  named: { key: { name: "key", worth: 2n } },
  other: anyPack(EnclosureSchema, create(EnclosureSchema, { name: "coin", worth: 1n })),
});
const json = toJson(LetterPostedSchema, letter, { registry });

test("what a contract calls SENSITIVE is not seen, however deep it is", () => {
  const { json: shown, hidden } = redact(LetterPostedSchema, json, registry);
  expect(shown).toEqual({
    to: "ada",
    subject: "hello",
    text: "[redacted:1]",
    enclosures: [{ name: "ring", worth: "[redacted:2]" }, { name: "note" }],
    named: { key: { name: "key", worth: "[redacted:3]" } },
    other: { "@type": "type.googleapis.com/parley.test.v1.Enclosure", name: "coin", worth: "[redacted:4]" },
  });
  expect(hidden).toEqual(["secret", "700", "2", "1"]);
});

test("what was hidden is back where its placeholder stands, wherever that was moved, and what was written over is not", () => {
  const { json: shown, hidden } = redact(LetterPostedSchema, json, registry);
  expect(restore(shown, hidden)).toEqual(json);
  const edited = { to: "bob", text: "open", enclosures: [{ worth: "[redacted:2]" }, { name: "[redacted:99]" }] };
  expect(fromJson(LetterPostedSchema, restore(edited, hidden))).toMatchObject({
    text: "open",
    enclosures: [{ worth: 700n }, { name: "[redacted:99]" }],
  });
});

test("a type that cannot hold anything SENSITIVE is told from one that can", () => {
  expect([LetterPostedSchema, EnclosureSchema, EchoSaidSchema].map((type) => mayBeSensitive(type))).toEqual([
    true,
    true,
    false,
  ]);
});
