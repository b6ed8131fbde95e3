// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findServerBinary } from "@parley/mesh/broker";
import { expect, test } from "vitest";

test("the shipped broker configuration is one that nats-server takes, with every write on the disk", async () => {
  const shipped = await readFile(join(import.meta.dirname, "../deploy/nats/nats-server.conf"), "utf8");
  expect(shipped).toContain("sync_interval: always");
  const folder = await mkdtemp(join(tmpdir(), "parley-deploy-"));
  try {
    const file = join(folder, "nats-server.conf");
    await writeFile(file, shipped.replace("/var/lib/nats", join(folder, "store")));
    const { stderr } = await promisify(execFile)(await findServerBinary(), ["-t", "-c", file]);
    expect(stderr).toContain("is valid");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
