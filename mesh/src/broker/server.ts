// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MeshError } from "../mesh-error.ts";
import { freePort } from "./free-port.ts";
import { makeFolder } from "./make-folder.ts";
import { findServerBinary } from "./server-binary.ts";
import { type ServerSettings, serverConfig } from "./server-config.ts";
import { waitUntilReady } from "./server-ready.ts";
import { superviseServer } from "./supervisor.ts";

/** After this the server is killed instead of asked. */
const stopTimeoutMs = 5_000;
/** How often another port is tried when somebody takes the free one first. */
const portAttempts = 3;

/** How a server is started. */
export interface ServerOptions {
  /** Folder for streams, configuration and log; made when it does not exist. Two servers must not share one. */
  readonly storeDir: string;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /** Bytes that streams may take together; default: 80 % of what the disk has free, at most 10 GiB. */
  readonly maxFileStoreBytes?: number | undefined;
  readonly cluster?: ServerSettings["cluster"];
  /** More lines of nats-server configuration, put at the end. */
  readonly config?: string | undefined;
  /** Path of nats-server; default: the one that {@link findServerBinary} finds or fetches. */
  readonly binary?: string | undefined;
  /** Milliseconds until it must be ready; default 30 000. */
  readonly readyTimeoutMs?: number | undefined;
}

/** A running nats-server. It ends when this process ends, whatever ends it. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Process id of the server that runs now; another one after {@link restart}. */
  readonly pid: number;
  /** Stops it (SIGTERM, after five seconds SIGKILL) and waits for its end. Safe to call again. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits for its end. */
  kill(): Promise<void>;
  /** Stops it where it still runs and starts it again with the same port and store; settles when it is ready. */
  restart(): Promise<void>;
}

/**
 * Starts a nats-server with JetStream on the loopback interface and waits until JetStream answers.
 *
 * @throws MeshError BROKER_NOT_FOUND when there is no binary, BROKER_UNSUITABLE when it is too old, BROKER_UNAVAILABLE when
 *   its folder cannot be made or it does not get ready; the message holds the end of its log.
 */
export async function startServer(options: ServerOptions): Promise<NatsServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await launchServer(options);
    try {
      await server.ready();
      return server;
    } catch (error) {
      await server.kill();
      const lastAttempt = options.port !== undefined || attempt === portAttempts;
      if (lastAttempt || !(error instanceof MeshError && error.code === "BROKER_UNAVAILABLE")) throw error;
    }
  }
}

/** A server that may not be ready yet: a node of a cluster is ready only when most of the others are. */
export interface LaunchedServer extends NatsServer {
  /** Settles when JetStream answers. */
  ready(): Promise<void>;
}

/** {@link startServer} without waiting for JetStream. */
export async function launchServer(options: ServerOptions): Promise<LaunchedServer> {
  const { storeDir } = options;
  if (process.platform === "win32") {
    const message = "nats-server cannot be started from here on Windows; start it yourself and set PARLEY_NATS_URL";
    throw new MeshError({ code: "BROKER_NOT_FOUND", message });
  }
  const binary = options.binary ?? (await findServerBinary());
  makeStore(storeDir);
  const port = options.port ?? (await freePort());
  const settings = { ...options, name: nameFor(storeDir), port };
  const configFile = join(storeDir, "nats-server.conf");
  const url = `nats://127.0.0.1:${port}`;
  const run = async () => {
    await writeFile(configFile, await serverConfig(settings));
    return superviseServer(binary, ["-c", configFile]);
  };
  let running = await run();
  const end = async (signal: NodeJS.Signals) => {
    running.keepAlive(true);
    running.signal(signal);
    const timer = setTimeout(() => running.signal("SIGKILL"), stopTimeoutMs);
    await running.exited;
    clearTimeout(timer);
  };
  const ready = async () => {
    const { readyTimeoutMs: timeoutMs = 30_000 } = options;
    await waitUntilReady(running, { url, name: settings.name, storeDir, timeoutMs });
    running.keepAlive(false);
  };
  return {
    url,
    port,
    storeDir,
    get pid() {
      return running.pid;
    },
    ready,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async restart() {
      await end("SIGTERM");
      running = await run();
      await ready();
    },
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}

function makeStore(storeDir: string): void {
  try {
    makeFolder(storeDir);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the broker's folder "${storeDir}" cannot be made: ${why}`;
    throw new MeshError({ code: "BROKER_UNAVAILABLE", message, cause: error });
  }
}

/** The same for the same store, also in another process: the nodes of a cluster know each other by it. */
function nameFor(storeDir: string): string {
  return `parley-${createHash("sha256").update(resolve(storeDir)).digest("hex").slice(0, 12)}`;
}
