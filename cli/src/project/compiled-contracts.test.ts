// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { compiledContracts } from "./compiled-contracts.ts";

test("a project may have compiled contracts; a file that is none is named, with what to do", () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-compiled-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(compiledContracts({ folder })).toEqual([]);
  mkdirSync(join(folder, "gen"));
  const path = join(folder, "gen/contracts.binpb");
  writeFileSync(path, Uint8Array.of(0x0a, 0x00));
  expect(compiledContracts({ folder })).toHaveLength(1);
  writeFileSync(path, Uint8Array.of(0x0a, 0x7f, 0x01));
  expect(() => compiledContracts({ folder })).toThrow(
    expect.objectContaining({ name: "UsageError", message: `"${path}" holds no compiled contracts` }),
  );
});
