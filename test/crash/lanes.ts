// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NatsServer, startServer } from "@parley/mesh/broker";

/** Several brokers, each with one run at a time: a run may kill its broker. */
export interface Lanes extends AsyncDisposable {
  /** Does all jobs; the results are in their order. */
  map<J, R>(jobs: readonly J[], work: (job: J, lane: Lane) => Promise<R>): Promise<R[]>;
}

export interface Lane {
  readonly server: NatsServer;
  /** One that was not used before. */
  readonly namespace: string;
}

/** Starts the brokers. */
export async function openLanes(count: number): Promise<Lanes> {
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  const servers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startServer({ storeDir: join(folder, String(index)), maxFileStoreBytes: 2 ** 50 }),
    ),
  );
  let used = 0;
  return {
    async map<J, R>(jobs: readonly J[], work: (job: J, lane: Lane) => Promise<R>) {
      const results: R[] = [];
      const waiting = jobs.entries();
      const go = async (server: NatsServer) => {
        for (const [index, job] of waiting) results[index] = await work(job, { server, namespace: `crash-${++used}` });
      };
      await Promise.all(servers.map(go));
      return results;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
