// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { ErrorClassSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { expect, test } from "vitest";
import { type ErrorClass, errorCodes } from "./error-codes.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8");

/** Every class of the type; the compiler refuses a missing or a foreign one. */
const classes: Record<ErrorClass, true> = {
  TRANSIENT: true,
  RATE_LIMIT: true,
  UNAVAILABLE: true,
  PERMISSION: true,
  TIMEOUT: true,
  INVALID: true,
  CONFLICT: true,
  NOT_FOUND: true,
  INTERNAL: true,
};

/** Cells of the rows of the table under a heading, backquotes taken off. */
function tableUnder(heading: string): readonly (readonly string[])[] {
  const section = docs.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

test("the documented codes are those of the table, word for word and in its order", () => {
  const table = Object.entries(errorCodes).map(([code, { sentence, errorClass, connectCode, remedy }]) =>
    // Backquotes are taken off on both sides: in the docs they also mark the code itself.
    [code, sentence, errorClass, connectCode, remedy].map((cell) => cell.replaceAll("`", "")),
  );
  expect(tableUnder("Codes")).toEqual(table);
});

test("the documented classes are those of the code and of error.proto", () => {
  expect(tableUnder("Classes").map(([name]) => name)).toEqual(Object.keys(classes));
  const inProto = ErrorClassSchema.values.map(({ name }) => name.replace("ERROR_CLASS_", ""));
  expect(inProto).toEqual(["UNSPECIFIED", ...Object.keys(classes)]);
});

test("every Connect code is one that Connect has", () => {
  const known = Object.keys(Code).map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase());
  for (const [code, { connectCode }] of Object.entries(errorCodes)) expect(known, code).toContain(connectCode);
});

test("every sentence and remedy is one that can be read as such", () => {
  for (const [code, { sentence, remedy }] of Object.entries(errorCodes)) {
    expect(sentence, code).toMatch(/^[A-Z].*[^.]\.$/);
    expect(remedy, code).toMatch(/^[A-Z].*[^.]\.$/);
    expect(`${sentence}${remedy}`, code).not.toContain("|");
  }
});
