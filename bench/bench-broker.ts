// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, connectBroker, startServer } from "@parley/mesh/broker";

/** A broker of its own, on the disk of this machine with its sync interval as shipped; gone with all it stored in the end. */
export async function withBenchBroker(work: (broker: Broker, url: string) => Promise<void>): Promise<void> {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  const server = await startServer({ storeDir });
  const broker = await connectBroker({ url: server.url, name: "bench" });
  try {
    await work(broker, server.url);
  } finally {
    await broker.close();
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}
