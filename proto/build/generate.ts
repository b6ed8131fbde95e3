// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors
//
// Generates proto/gen from the contracts, test/gen from those of the tests and cli/template/gen from that of the sample
// agent; beside the first, proto/gen/contracts.binpb keeps what the contracts say in comments. Run by `npm ci` and by
// `npm run generate`; needs no network.

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
const templates = [
  ["buf.gen.yaml"],
  ["test/buf.gen.yaml"],
  // Written for a folder of its own, as `parley new agent` makes it.
  ["cli/template/buf.gen.yaml", ".", "--path", "cli/template/proto/greeter", "--output", "cli/template"],
] as const;
const buf = (...parameters: string[]) =>
  execFileSync(join(bin, "buf"), parameters, { cwd: root, env, stdio: "inherit" });
for (const [template, ...place] of templates) buf("generate", "--template", template, ...place);
// Generated code carries no comments.
const described = ["--path", "proto/parley", "--exclude-imports", "--as-file-descriptor-set"];
buf("build", "proto", ...described, "--output", "proto/gen/contracts.binpb");
