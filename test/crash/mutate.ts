// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// Loaded before an agent process: puts the defect that CRASH_MUTANT names into the source of one file, in this process alone.
import { registerHooks } from "node:module";
import { mutants } from "./mutants.ts";

const name = process.env["CRASH_MUTANT"];
const mutant = mutants.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`no mutant is named "${name}"`);
const { file, from, to } = mutant;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(`/mesh/src/${file}`)) return loaded;
    const source = String(loaded.source);
    if (source.split(from).length !== 2) throw new Error(`mutant "${name}": "${from}" is not once in ${file}`);
    return { ...loaded, source: source.replace(from, to) };
  },
});
