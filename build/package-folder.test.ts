// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { preparePackage, restorePackage } from "./package-folder.ts";

const manifest = '{ "name": "sample", "type": "module", "exports": { ".": "./src/index.ts" } }';
const compiled = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
let folder: string;
let before: readonly string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "parley-package-"));
  mkdirSync(join(folder, "src"));
  write("package.json", manifest);
  write("src/index.ts", 'export { two, type Two } from "./two.ts";\nexport type Three = import("./two.ts").Two;\n');
  write("src/two.ts", "export type Two = 2;\nexport const two: Two = 2;\n");
  const options = { module: "nodenext", declaration: true, rewriteRelativeImportExtensions: true, types: [] };
  const compilerOptions = { ...options, noEmitOnError: true, rootDir: "src", outDir: "dist" };
  write("tsconfig.package.json", JSON.stringify({ compilerOptions, include: ["src"] }));
  before = everything();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function read(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

function everything(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

test("a prepared package has compiled code, declarations that import each other's, entries that name both, a licence", () => {
  preparePackage(folder);
  expect(JSON.parse(read("package.json"))).toEqual({ name: "sample", type: "module", exports: compiled });
  expect(read("dist/index.js")).toContain('from "./two.js"');
  expect(read("dist/index.d.ts")).toBe(
    'export { two, type Two } from "./two.js";\nexport type Three = import("./two.js").Two;\n',
  );
  expect(read("LICENSE")).toContain("Apache License");
});

test("afterwards the folder is what it was", () => {
  preparePackage(folder);
  restorePackage(folder);
  expect([everything(), read("package.json")]).toEqual([before, manifest]);
});

test("a package that does not compile keeps its entries", () => {
  write("src/two.ts", "export type Two = 2;\nexport const two: Two = 3;\n");
  expect(() => preparePackage(folder)).toThrow(`"${folder}" does not compile`);
  expect(read("package.json")).toBe(manifest);
});

test("packing that was cut short is made good by the next one", () => {
  preparePackage(folder);
  preparePackage(folder);
  expect(JSON.parse(read("package.json")).exports).toEqual(compiled);
  restorePackage(folder);
  expect(read("package.json")).toBe(manifest);
});
