// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ServerOptions } from "./server.ts";
import { startServer } from "./server.ts";

/** A broker to connect to, and how to let go of it. */
export interface OpenedBroker extends AsyncDisposable {
  readonly url: string;
  /** Whether the server was started here; otherwise it is somebody else's and `stop` leaves it running. */
  readonly started: boolean;
  stop(): Promise<void>;
}

/**
 * The one place that decides which broker is used: the one that `PARLEY_NATS_URL` names, else a server started here.
 *
 * @throws what {@link startServer} throws. A broker named by `PARLEY_NATS_URL` is checked when it is connected to.
 */
export async function openBroker(
  options: ServerOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<OpenedBroker> {
  const url = environment["PARLEY_NATS_URL"];
  if (url) {
    const stop = async () => {};
    return { url, started: false, stop, [Symbol.asyncDispose]: stop };
  }
  const server = await startServer(options);
  return {
    url: server.url,
    started: true,
    stop: () => server.stop(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
