// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// `npm run requirements`: what the source documents ask for, and the tests that show it.

import { requirements } from "../requirements.ts";
import { showingTests } from "./shown.ts";

const tests = Map.groupBy(showingTests(), ({ id }) => id);

const counts = { shown: 0, partly: 0, open: 0 };
for (const { id, title, from, missing } of requirements) {
  const showing = tests.get(id) ?? [];
  const state = showing.length === 0 ? "open" : missing === undefined ? "shown" : "partly";
  counts[state]++;
  console.log(`${id.padEnd(5)} ${state.padEnd(6)}  ${title} (${from.join(", ")})`);
  if (state === "partly") console.log(`             missing: ${missing}`);
  for (const { file, line, name } of showing) console.log(`             ${file}:${line}  ${name}`);
}

console.log(`\n${counts.shown} shown, ${counts.partly} partly, ${counts.open} open, of ${requirements.length}`);
