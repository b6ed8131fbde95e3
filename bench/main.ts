// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

//
// npm run bench [-- NAME…]: runs the benches of this folder, all of them without a name. Each answers one question and
// prints a ratio against a peer that it measured in the same run; absolute figures are the machine's.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts"))
  .map((file) => basename(file, ".bench.ts"))
  .sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`no bench named ${unknown.join(", ")}; there are: ${known.join(", ")}`);
  process.exit(2);
}
process.env["PARLEY_LOG"] ??= "error";
for (const name of wanted.length > 0 ? wanted : known) {
  console.log(`\n${name}`);
  const { run } = (await import(join(import.meta.dirname, `${name}.bench.ts`))) as { run(): Promise<void> };
  await run();
}
process.exit(0);
