// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";
import { startServer } from "./server.ts";

const home = mkdtempSync(join(tmpdir(), "parley-folder-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test("a folder is made with all that are missing above it, and one that is there is left", () => {
  const path = join(home, "a/b/c");
  for (const _ of [1, 2]) makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

test("a file where a folder would be is said", () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  expect(() => makeFolder(file)).toThrow(/EEXIST.*file/);
  expect(() => makeFolder(join(file, "below"))).toThrow(/ENOTDIR|EEXIST/);
});

// Node's own way never comes back there.
test.skipIf(process.platform !== "linux")(
  "where none can be made it says so at once, a broker's store too",
  async () => {
    expect(() => makeFolder("/proc/parley/below")).toThrow(/ENOENT.*"?\/proc\/parley/);
    await expect(startServer({ storeDir: "/proc/parley/broker" })).rejects.toMatchObject({
      code: "BROKER_UNAVAILABLE",
      message: expect.stringMatching(/^the broker's folder "\/proc\/parley\/broker" cannot be made: ENOENT/),
    });
  },
);
