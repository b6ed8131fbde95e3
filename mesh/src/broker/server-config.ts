// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { statfs } from "node:fs/promises";
import { join } from "node:path";

/** What a server's configuration is made of. */
export interface ServerSettings {
  readonly name: string;
  readonly port: number;
  /** Where streams and the log are kept; exists. */
  readonly storeDir: string;
  /** Bytes that streams may take together; default: 80 % of what the disk has free, at most 10 GiB. */
  readonly maxFileStoreBytes?: number | undefined;
  /** Makes the server one of a cluster. */
  readonly cluster?:
    | {
        readonly name: string;
        readonly port: number;
        readonly routes: readonly number[];
      }
    | undefined;
  /** More lines of nats-server configuration, put at the end. */
  readonly config?: string | undefined;
}

const gibibyte = 1024 ** 3;

/**
 * The configuration under which the mesh's promises hold: every acknowledged message is on the disk (`sync_interval:
 * always`), a full store is a typed refusal instead of a timeout (`max_file_store` below the disk's size), abandoned batches
 * free their places soon, loopback only.
 */
export async function serverConfig(settings: ServerSettings): Promise<string> {
  const { name, port, storeDir, cluster, config } = settings;
  const maxFileStore = settings.maxFileStoreBytes ?? (await defaultMaxFileStore(storeDir));
  return [
    `server_name: ${quoted(name)}`,
    `listen: "127.0.0.1:${port}"`,
    "max_payload: 1MB",
    `log_file: ${quoted(logFile(storeDir))}`,
    "log_size_limit: 16777216",
    "logfile_max_num: 2",
    "jetstream {",
    `  store_dir: ${quoted(storeDir)}`,
    "  sync_interval: always",
    `  max_file_store: ${maxFileStore}`,
    '  limits { batch { max_inflight_per_stream: 500, max_inflight_total: 5000, timeout: "2s" } }',
    "}",
    ...(cluster === undefined ? [] : clusterLines(cluster)),
    ...(config === undefined ? [] : [config]),
    "",
  ].join("\n");
}

/** Where a server with this store writes its log. */
export function logFile(storeDir: string): string {
  return join(storeDir, "nats-server.log");
}

function clusterLines(cluster: NonNullable<ServerSettings["cluster"]>): readonly string[] {
  const routes = cluster.routes.map((port) => `"nats-route://127.0.0.1:${port}"`).join(", ");
  return [`cluster { name: ${quoted(cluster.name)}, listen: "127.0.0.1:${cluster.port}", routes: [${routes}] }`];
}

async function defaultMaxFileStore(storeDir: string): Promise<number> {
  const { bavail, bsize } = await statfs(storeDir);
  return Math.floor(Math.min(10 * gibibyte, bavail * bsize * 0.8));
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
