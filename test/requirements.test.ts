// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requirements } from "./requirements.ts";
import { showingTests, shownIn } from "./tools/shown.ts";

test("every id that a test names is one of the requirements", () => {
  const ids = new Set(requirements.map(({ id }) => id));
  const unknown = showingTests().filter(({ id }) => !ids.has(id));
  expect(
    unknown.map(({ id, file, line }) => `${file}:${line}: no requirement "${id}"; see test/requirements.ts`),
  ).toEqual([]);
});

test("the requirements are numbered from 1 to 57 without a gap, 20b behind 20", () => {
  const numbers = Array.from({ length: 57 }, (_, index) => `R${String(index + 1).padStart(2, "0")}`);
  expect(requirements.map(({ id }) => id)).toEqual(numbers.toSpliced(20, 0, "R20b"));
});

test("every requirement has a title of its own and a source", () => {
  expect(new Set(requirements.map(({ title }) => title)).size).toBe(requirements.length);
  for (const { id, title, from } of requirements) {
    expect(title, id).toMatch(/^[A-Z].{15,}[^.]$/);
    expect(from.length, id).toBeGreaterThan(0);
  }
});

test("an id counts where it stands in the name of a test, and nowhere else", () => {
  const open = "[";
  const source = `// ${open}R01]
const text = "${open}R02]";
test("one ${open}R03]", () => {});
test.each([1])("two ${open}R04, R20b]", () => expect("${open}R05]").toBe(1));
describe(
  'three ${open}R06] of ${open}R99]', () => {});
test.skip("five ${open}R08]", () => {});
test.each(["a", "b"])("six ${open}R09]", () => {});
it.for(table)(\`four ${open}R7]\`, () => {});
`;
  expect(shownIn("a.test.ts", source)).toEqual([
    { id: "R03", file: "a.test.ts", line: 3, name: "one" },
    { id: "R04", file: "a.test.ts", line: 4, name: "two" },
    { id: "R20b", file: "a.test.ts", line: 4, name: "two" },
    { id: "R06", file: "a.test.ts", line: 5, name: "three of" },
    { id: "R99", file: "a.test.ts", line: 5, name: "three of" },
    { id: "R09", file: "a.test.ts", line: 8, name: "six" },
    { id: "R7", file: "a.test.ts", line: 9, name: "four" },
  ]);
});

test("the report lists every requirement once, shown, partly shown or open, and counts them", () => {
  const report = execFileSync(process.execPath, [join(import.meta.dirname, "tools/requirements.ts")], {
    encoding: "utf8",
  });
  const lines = report.split("\n");
  for (const { id } of requirements)
    expect(
      lines.filter((line) => line.startsWith(`${id} `)),
      id,
    ).toHaveLength(1);
  const of = (state: string) =>
    lines.filter((line) => line.slice(6, 13).trim() === state && line.startsWith("R")).length;
  const [shown, partly, open] = [of("shown"), of("partly"), of("open")];
  expect(report).toContain(`\n${shown} shown, ${partly} partly, ${open} open, of ${requirements.length}`);
  expect(shown + partly + open).toBe(requirements.length);
});
