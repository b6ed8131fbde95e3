// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../../../..");

/**
 * Compiles contracts written in a test, given by path, together with `parley/mesh/v1/policy.proto` and what it imports.
 * Gives the bytes of a FileDescriptorSet with source positions.
 */
export function compileContracts(sources: Readonly<Record<string, string>>): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "parley-contracts-"));
  try {
    for (const name of ["policy.proto", "error.proto"]) {
      cpSync(join(root, "proto/parley/mesh/v1", name), join(folder, "proto/parley/mesh/v1", name));
    }
    for (const imported of ["buf", "google"]) {
      cpSync(join(root, "node_modules/.cache/parley/imports", imported), join(folder, "proto", imported), {
        recursive: true,
      });
    }
    for (const [path, text] of Object.entries(sources)) {
      const file = join(folder, "proto", path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    writeFileSync(join(folder, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
    const output = join(folder, "set.binpb");
    execFileSync(join(root, "node_modules/.bin/buf"), ["build", "-o", output, "--as-file-descriptor-set"], {
      cwd: folder,
      stdio: "pipe",
    });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
