// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// Generates proto/gen from the contracts and test/gen from those of the tests. Run by `npm ci` and by `npm run generate`; needs no network.

import { execFileSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { layImports } from "./imports.ts";

const root = join(import.meta.dirname, "../..");

layImports(join(root, "node_modules/.cache/parley/imports"));
const bin = join(root, "node_modules/.bin");
// The generator plugin is found by name, and must run on the Node that the project brings.
const env = {
  ...process.env,
  PATH: [bin, process.env["PATH"]].join(delimiter),
};
for (const template of ["buf.gen.yaml", "test/buf.gen.yaml"]) {
  execFileSync(join(bin, "buf"), ["generate", "--template", template], {
    cwd: root,
    env,
    stdio: "inherit",
  });
}
