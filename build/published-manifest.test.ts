// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { publishedManifest } from "./published-manifest.ts";

test("an entry that is a source names its compiled form and its types first", () => {
  const { exports } = publishedManifest({ exports: { ".": "./src/index.ts", "./testing": "./src/testing/index.ts" } });
  expect(JSON.stringify(exports)).toBe(
    JSON.stringify({
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./testing": { types: "./dist/testing/index.d.ts", default: "./dist/testing/index.js" },
    }),
  );
});

test("an entry that is no source stays", () => {
  const exports = { "./package.json": "./package.json", "./*_pb.js": { types: "./gen/*_pb.d.ts" } };
  expect(publishedManifest({ exports })).toEqual({ exports });
});

test("what only the repository needs is left out, everything else stays", () => {
  const manifest = { name: "a", dependencies: { b: "1.0.0" }, bin: { a: "./bin/a.js" } };
  const here = { ...manifest, scripts: { prepack: "node prepack.ts" }, devDependencies: { c: "1.0.0" } };
  expect(publishedManifest(here)).toEqual(manifest);
});
