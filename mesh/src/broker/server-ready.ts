// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { MeshError } from "../mesh-error.ts";
import { connectBroker } from "./connection.ts";
import { logFile } from "./server-config.ts";
import type { SupervisedServer } from "./supervisor.ts";

const lookEveryMs = 20;

/** Which server to wait for. */
export interface ReadyOptions {
  readonly url: string;
  /** What the server calls itself: on a taken port somebody else answers. */
  readonly name: string;
  readonly storeDir: string;
  readonly timeoutMs: number;
}

/**
 * Waits until a server takes connections and its JetStream answers.
 *
 * @throws MeshError BROKER_UNSUITABLE when it is too old, BROKER_UNAVAILABLE with the end of its log when it ends or does not
 *   get ready in time.
 */
export async function waitUntilReady(server: SupervisedServer, options: ReadyOptions): Promise<void> {
  const giveUp = new AbortController();
  const ended = server.exited.then((complaint) => `ended before it was ready: ${complaint}`);
  const late = delay(options.timeoutMs, `was not ready after ${options.timeoutMs} ms`, { signal: giveUp.signal });
  late.catch(() => {});
  try {
    const failure = await Promise.race([answers(options, giveUp.signal), ended, late]);
    if (failure === undefined) return;
    const log = await endOfLog(options.storeDir);
    throw new MeshError({
      code: "BROKER_UNAVAILABLE",
      message: `nats-server at "${options.url}" ${failure} ${log}`.trim(),
    });
  } finally {
    giveUp.abort();
  }
}

async function answers({ url, name }: ReadyOptions, signal: AbortSignal): Promise<undefined> {
  while (!signal.aborted) {
    try {
      await using broker = await connectBroker({ url, name: "parley launcher" });
      if (broker.connection.info?.server_name === name) return;
    } catch (error) {
      if (error instanceof MeshError && error.code === "BROKER_UNSUITABLE") throw error;
    }
    await delay(lookEveryMs);
  }
}

async function endOfLog(storeDir: string): Promise<string> {
  const log = await readFile(logFile(storeDir), "utf8").catch(() => "");
  return log.trim().split("\n").slice(-5).join("\n");
}
