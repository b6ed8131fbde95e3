// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Finding, findingCodes, sorted } from "./finding.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/operations.md"), "utf8");

test("the documented findings are those of the doctor, in its order", () => {
  const rows = page.split("\n").flatMap((line) => /^\| `([a-z-]+)` \|/.exec(line)?.[1] ?? []);
  expect(rows).toEqual(findingCodes);
});

test("findings come worst first, and those of a kind together", () => {
  const finding = (severity: Finding["severity"], code: Finding["code"], where: string): Finding => ({
    severity,
    code,
    where,
    what: "",
    next: "",
  });
  const wanted = [
    finding("error", "stream-setting", "a"),
    finding("error", "stream-setting", "b"),
    finding("error", "journal-hole", "a"),
    finding("warning", "stream-full", "a"),
    finding("notice", "broker-old", "a"),
  ];
  expect(sorted([...wanted].reverse())).toEqual(wanted);
});
