// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to the broker on which nothing may get through for a time, though neither side is told: what is sent arrives later. */
export interface SilentLink extends AsyncDisposable {
  readonly url: string;
  /** From now on nothing arrives, in either direction. */
  hush(): void;
  /** What was sent meanwhile arrives, late. */
  speak(): void;
}

/** Opens a link to a broker on a port of this machine. */
export async function openSilentLink(brokerPort: number): Promise<SilentLink> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(brokerPort, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (data) => to.write(data));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        // A link that is silent does not tell of an end either.
        if (!isSilent) to.destroy();
      });
      if (isSilent) from.pause();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `nats://127.0.0.1:${port}`,
    hush() {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    speak() {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
