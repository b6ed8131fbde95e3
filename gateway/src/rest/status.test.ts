// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, errorCodes } from "@parley/mesh";
import { expect, test } from "vitest";
import { statusOf } from "./status.ts";

const docs = join(import.meta.dirname, "../../../docs");

/** Rows of all tables of a page, as the texts of their cells. */
function rows(page: string): readonly (readonly string[])[] {
  const lines = readFileSync(join(docs, page), "utf8").split("\n");
  return lines.filter((line) => line.startsWith("| ")).map((line) => line.slice(2, -2).split(" | "));
}

const statuses = new Map(rows("rest.md").map(([name = "", status]) => [name, Number(status)]));
const documented = rows("errors.md").filter(([code = ""]) => /^`[A-Z_]+`$/.test(code));

test("every code of docs/errors.md has the status that docs/rest.md says", () => {
  expect(documented.length).toBe(Object.keys(errorCodes).length);
  for (const [code = "", , , connectCode = ""] of documented) {
    const expected = statuses.get(code) ?? statuses.get(connectCode);
    expect(statusOf(code.slice(1, -1) as ErrorCode), code).toBe(expected);
  }
});

test("docs/rest.md gives no code a status that it does not have", () => {
  const named = [...statuses.keys()].filter((name) => /^`[A-Z_]+`$/.test(name));
  expect(named.length).toBeGreaterThan(5);
  for (const name of named) expect(documented.map(([code]) => code)).toContain(name);
});

test("a status is one that says an error", () => {
  for (const code of Object.keys(errorCodes) as ErrorCode[]) {
    expect(statusOf(code)).toBeGreaterThanOrEqual(400);
    expect(statusOf(code)).toBeLessThan(600);
  }
});
