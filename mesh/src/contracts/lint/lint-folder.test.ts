// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lintFolder } from "./lint-folder.ts";

const root = join(import.meta.dirname, "../../../..");
const folder = mkdtempSync(join(tmpdir(), "parley-lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lays out a user's folder: own contracts in one module, those of the mesh installed in another. */
function lay(contract: string): void {
  const installed = "node_modules/@parley/contracts/parley/mesh/v1";
  for (const name of ["policy.proto", "error.proto"]) {
    cpSync(join(root, "proto/parley/mesh/v1", name), join(folder, installed, name));
  }
  write("buf.yaml", "version: v2\nmodules:\n  - path: contracts\n  - path: node_modules/@parley/contracts\n");
  write("contracts/shop/v1/shop.proto", contract);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function run() {
  const env = { ...process.env, PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter) };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "main.ts"), folder], {
    env,
  });
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

test("the contracts of this repository pass", () => {
  expect(lintFolder(root).filter(({ file }) => file.startsWith("proto/"))).toEqual([]);
});

test("a user's folder is linted by paths that can be opened, exit code 1", () => {
  lay('syntax = "proto3";\npackage shop.v1;\nmessage M {}\nservice ShopService {\n  rpc Buy(M) returns (M);\n}\n');
  expect(run()).toEqual({
    status: 1,
    stderr: "",
    stdout: `contracts/shop/v1/shop.proto:4:1: service-agent: service "ShopService" names no agent; write option (parley.mesh.v1.service) = { agent: "shop" };
contracts/shop/v1/shop.proto:5:3: method-permission: "Buy" has a permission at no level; write option (parley.mesh.v1.method) = { permission: "BUY" }; or "*" for any caller
`,
  });
});

test("a sound folder prints nothing, exit code 0", () => {
  lay(`syntax = "proto3"; package shop.v1; import "parley/mesh/v1/policy.proto"; message M {}
    service S { option (parley.mesh.v1.service) = { agent: "shop" defaults: { permission: "*" } }; rpc Buy(M) returns (M); }`);
  expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
});

test("contracts that do not compile are told in the compiler's words, exit code 2", () => {
  lay('syntax = "proto3"; package shop.v1; message M { Nothing n = 1; }');
  expect(run()).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("shop.proto:1:") });
});
