// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { LetterPostedSchema } from "../../../test/gen/parley/test/v1/letter_pb.js";
import { Contracts } from "./contracts.ts";
import { sealedFields } from "./sealed-fields.ts";

test("a contract tells which of its fields are to be sealed, those of messages within messages too", () => {
  expect(sealedFields(Contracts.of({ services: [EchoService] }))).toEqual([]);
  expect(sealedFields(Contracts.of({ events: [LetterPostedSchema] }))).toEqual([
    "parley.test.v1.Enclosure.worth",
    "parley.test.v1.LetterPosted.text",
  ]);
});
