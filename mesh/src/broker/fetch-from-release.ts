// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import { serverRelease } from "./server-version.ts";

/** Where the project of nats-server publishes its releases. */
const releases = "https://github.com/nats-io/nats-server/releases/download";

/** How Node names a machine → how the archives do. */
const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm7",
  ia32: "386",
};

/**
 * Fetches the release archive of nats-server into `folder`, compares it with the release's checksum and returns the binary.
 *
 * @param address Default: the project's releases; a test gives its own.
 * @throws Error when the archive cannot be fetched or is not what the checksum says.
 */
export async function fetchFromRelease(folder: string, address: string = releases): Promise<string> {
  const architecture = architectures[process.arch];
  if (architecture === undefined) throw new Error(`no release archive is known for the architecture "${process.arch}"`);
  const name = `nats-server-v${serverRelease}-${process.platform}-${architecture}`;
  const base = `${address}/v${serverRelease}`;
  const sums = new TextDecoder().decode(await download(`${base}/SHA256SUMS`));
  const expected = sums
    .split("\n")
    .find((line) => line.trim().endsWith(`${name}.tar.gz`))
    ?.split(/\s+/)[0];
  if (expected === undefined) throw new Error(`"${base}/SHA256SUMS" does not list "${name}.tar.gz"`);
  const archive = await download(`${base}/${name}.tar.gz`);
  const found = createHash("sha256").update(archive).digest("hex");
  if (found !== expected)
    throw new Error(`"${name}.tar.gz" has the checksum "${found}", the release says "${expected}"`);
  await writeFile(join(folder, "archive.tar.gz"), archive);
  await runCommand("tar", ["-xzf", "archive.tar.gz"], {
    timeoutMs: 60_000,
    folder,
  });
  return join(folder, name, "nats-server");
}

async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(120_000),
  }).catch((error: unknown) => {
    throw new Error(`"${url}" cannot be reached`, { cause: error });
  });
  if (!response.ok) throw new Error(`"${url}" answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
