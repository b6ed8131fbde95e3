// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MeshError } from "../mesh-error.ts";
import { type Broker, connectBroker } from "./connection.ts";
import { freePort } from "./free-port.ts";
import { launchServer, type NatsServer, type ServerOptions } from "./server.ts";

/** Time for the nodes to find each other and to elect a leader. */
const readyTimeoutMs = 60_000;
const lookEveryMs = 100;

/** How a cluster is started: as a server, with a folder per node below `storeDir`. */
export interface ClusterOptions extends Omit<ServerOptions, "port" | "cluster"> {
  /** Default 3. */
  readonly nodes?: number | undefined;
}

/** Servers that hold every stream together. */
export interface NatsCluster extends AsyncDisposable {
  /** The addresses of all nodes, with commas between them. */
  readonly url: string;
  /** The nodes. `restart` of one waits until most of them run: start several together with `Promise.all`. */
  readonly servers: readonly NatsServer[];
  stop(): Promise<void>;
}

/**
 * Starts several servers on the loopback interface as one cluster, and waits until it stores streams on all of them.
 *
 * @throws what {@link startServer} throws.
 */
export async function startCluster(options: ClusterOptions): Promise<NatsCluster> {
  const ports = await freePorts(options.nodes ?? 3);
  const routes = await freePorts(ports.length);
  const started = await Promise.allSettled(
    ports.map((port, node) => {
      const cluster = { name: "parley", port: routes[node] ?? 0, routes };
      return launchServer({
        ...options,
        port,
        cluster,
        storeDir: join(options.storeDir, `node-${node + 1}`),
      });
    }),
  );
  const servers = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  const url = servers.map((server) => server.url).join(",");
  try {
    for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
    await Promise.all(servers.map((server) => server.ready()));
    await storesOnAll(url, servers.length);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, servers, stop, [Symbol.asyncDispose]: stop };
}

/** A leader that knows too few nodes yet refuses a stream on all of them: only the attempt tells. */
async function storesOnAll(url: string, nodes: number): Promise<void> {
  await using broker = await connectBroker({ url, name: "parley launcher" });
  const deadline = Date.now() + readyTimeoutMs;
  for (;;) {
    const cause = await tryStream(broker, nodes);
    if (cause === undefined) return;
    if (Date.now() > deadline) {
      const message = `the cluster at "${url}" does not store a stream on its ${nodes} nodes after ${readyTimeoutMs} ms`;
      throw new MeshError({ code: "BROKER_UNAVAILABLE", message, cause });
    }
    await delay(lookEveryMs);
  }
}

async function tryStream(broker: Broker, nodes: number): Promise<unknown> {
  const name = "parley-launcher";
  try {
    await broker.manager.streams.add({
      name,
      subjects: [name],
      num_replicas: nodes,
      storage: "memory",
    });
    await broker.manager.streams.delete(name);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
