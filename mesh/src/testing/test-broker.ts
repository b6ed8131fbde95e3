// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../broker/server.ts";

let started: Promise<string> | undefined;

/**
 * The broker that tests use: the one that `PARLEY_NATS_URL` names, else a nats-server started once for this process, which
 * ends with it.
 */
export function testBroker(): Promise<string> {
  const url = process.env["PARLEY_NATS_URL"];
  if (url) return Promise.resolve(url);
  started ??= startTestServer();
  return started;
}

async function startTestServer(): Promise<string> {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-test-"));
  const server = await startServer({ storeDir, maxFileStoreBytes: 2 ** 50 });
  process.once("beforeExit", () => void server.stop().then(() => rm(storeDir, { recursive: true, force: true })));
  return server.url;
}
