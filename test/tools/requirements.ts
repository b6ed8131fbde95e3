// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// `npm run requirements`: what the source documents ask for, and the tests that show it.

import { requirements } from "../requirements.ts";
import { showingTests } from "./shown.ts";

const tests = Map.groupBy(showingTests(), ({ id }) => id);

for (const { id, title, from } of requirements) {
  const showing = tests.get(id) ?? [];
  console.log(`${id.padEnd(5)} ${showing.length > 0 ? "shown" : "open "}  ${title} (${from.join(", ")})`);
  for (const { file, line, name } of showing) console.log(`             ${file}:${line}  ${name}`);
}

const shown = requirements.filter(({ id }) => tests.has(id)).length;
console.log(`\n${shown} shown, ${requirements.length - shown} open, of ${requirements.length}`);
