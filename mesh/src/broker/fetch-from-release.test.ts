// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fetchFromRelease } from "./fetch-from-release.ts";
import { runCommand } from "./run-command.ts";

const architecture = { x64: "amd64", arm64: "arm64", arm: "arm7", ia32: "386" }[process.arch as "x64"];
const name = `nats-server-v2.15.1-${process.platform}-${architecture}`;
let folder: string;
let server: Server;
let address: string;
let files: Readonly<Record<string, Buffer | string>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-release-"));
  files = {};
  server = createServer((request, response) => {
    const file = files[request.url ?? ""];
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** An archive as the release has it, holding a file with the text. */
async function archiveOf(text: string): Promise<Buffer> {
  await mkdir(join(folder, "made", name), { recursive: true });
  await writeFile(join(folder, "made", name, "nats-server"), text);
  await runCommand("tar", ["-czf", "made.tar.gz", "-C", "made", name], { timeoutMs: 10_000, folder });
  return readFile(join(folder, "made.tar.gz"));
}

test("the archive of this machine is fetched, checked and unpacked", async () => {
  const archive = await archiveOf("the server");
  const sum = createHash("sha256").update(archive).digest("hex");
  files = {
    "/v2.15.1/SHA256SUMS": `${"0".repeat(64)}  other.zip\n${sum}  ${name}.tar.gz\n`,
    [`/v2.15.1/${name}.tar.gz`]: archive,
  };
  expect(await readFile(await fetchFromRelease(folder, address), "utf8")).toBe("the server");
});

test("an archive that is not what the checksum says is refused", async () => {
  const archive = await archiveOf("the server");
  files = { "/v2.15.1/SHA256SUMS": `${"0".repeat(64)}  ${name}.tar.gz\n`, [`/v2.15.1/${name}.tar.gz`]: archive };
  await expect(fetchFromRelease(folder, address)).rejects.toThrow(/checksum/);
});

test("a release without checksums, or without this machine's archive, is named", async () => {
  await expect(fetchFromRelease(folder, address)).rejects.toThrow(/SHA256SUMS" answered 404/);
  files = { "/v2.15.1/SHA256SUMS": "" };
  await expect(fetchFromRelease(folder, address)).rejects.toThrow(new RegExp(`does not list "${name}`));
});
