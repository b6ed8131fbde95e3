// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { edited } from "./editor.ts";

afterEach(() => vi.unstubAllEnvs());

test("an editor gets the text in a file that nobody else may read, and what it leaves is read back", () => {
  vi.stubEnv("VISUAL", "sed -i s/one/two/");
  const file = edited("one", "letter.json");
  expect(file.text).toBe("two\n");
  const path = file.keep();
  expect(path).toMatch(/letter\.json$/);
  expect(statSync(path).mode & 0o077).toBe(0);
  file[Symbol.dispose]();
  expect(readFileSync(path, "utf8")).toBe("two\n");
  rmSync(dirname(path), { recursive: true });
});

test("what is not kept goes away", () => {
  vi.stubEnv("VISUAL", "");
  vi.stubEnv("EDITOR", 'tell() { echo "$1" > "$1"; }; tell');
  let path = "";
  {
    using file = edited("one", "letter.json");
    path = file.text.trim();
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(dirname(path))).toBe(false);
});

test("an editor that fails or is not there is said, and nothing is left behind", () => {
  vi.stubEnv("VISUAL", "false");
  expect(() => edited("one", "letter.json")).toThrow('"false" ended with exit code 1; nothing was sent');
  vi.stubEnv("VISUAL", "no-such-editor 2>/dev/null");
  expect(() => edited("one", "letter.json")).toThrow(/exit code 127/);
});
