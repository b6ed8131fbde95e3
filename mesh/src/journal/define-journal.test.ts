// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { expect, test } from "vitest";
import { AccountCountedSchema } from "../../../test/gen/parley/test/v1/account_pb.js";
import { defineJournal, type JournalInit } from "./define-journal.ts";

const init = {
  name: "counts",
  version: 1,
  events: [AccountCountedSchema],
  initial: () => 0,
  evolve: (n: number) => n + 1,
};
const define = (change: Partial<JournalInit<number, [typeof AccountCountedSchema]>>) =>
  defineJournal({ ...init, ...change });

test("a journal belongs to the package of its events", () => {
  expect(define({})).toMatchObject({ domain: "parley.test.v1", snapshotEvery: 100, compact: false });
});

test.each([
  [{ events: [] as never }, "CONTRACT_INCOMPLETE"],
  [{ events: [AccountCountedSchema, DeadLetterSchema] as never }, "CONTRACT_INCOMPLETE"],
  [{ name: "" }, "INVALID_KEY"],
  [{ name: "n".repeat(181) }, "INVALID_KEY"],
  [{ version: Number.NaN }, "CONTRACT_INCOMPLETE"],
  [{ version: 1.5 }, "CONTRACT_INCOMPLETE"],
  [{ snapshotEvery: -1 }, "CONTRACT_INCOMPLETE"],
  [{ snapshotEvery: Number.POSITIVE_INFINITY }, "CONTRACT_INCOMPLETE"],
])("a journal with %j is refused when it is defined", (change, code) => {
  expect(() => define(change)).toThrow(expect.objectContaining({ code }));
});
