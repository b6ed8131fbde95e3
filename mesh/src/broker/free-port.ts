// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer } from "node:net";

// Below the range from which systems take ports for outgoing connections: a server that was killed must find its port free
// when it comes back, and a client that knocks at a closed port from that very port would be connected to itself.
const lowest = 20_000;
const count = 12_000;

/** A port of the loopback interface on which nothing listens now. Somebody else may take it: be ready to try another. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    if (await canListen(port)) return port;
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
