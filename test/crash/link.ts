// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to the broker that can be damaged: what the broker answers is lost, or what is sent arrives in part. */
export interface Link extends AsyncDisposable {
  readonly url: string;
  /** From now on what the broker says is lost. Resolves when the answer to an append was. */
  loseAnswers(): Promise<void>;
  /** From now on what is sent ends before `text`. Resolves when it was met. */
  endBefore(text: string): Promise<void>;
  /** From now on nothing passes, as if one of the two stood still; what was sent meanwhile is lost. */
  silence(): void;
  /** Cuts all connections; new ones are whole. */
  cut(): void;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Opens a link to a broker on a port of this machine. */
export async function openLink(brokerPort: number): Promise<Link> {
  const pairs = new Set<Pair>();
  let damage: {
    readonly onAnswer?: () => void;
    readonly before?: string;
    readonly onMet?: () => void;
    readonly silent?: boolean;
  } = {};
  const server = createServer((near) => {
    const far = connect(brokerPort, "127.0.0.1");
    const pair = { near, far };
    pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    let ended = false;
    near.on("data", (chunk: Buffer) => {
      if (damage.silent === true) return;
      const at = damage.before === undefined ? -1 : chunk.indexOf(damage.before);
      if (!ended) far.write(at < 0 ? chunk : chunk.subarray(0, at));
      if (at < 0) return;
      ended = true;
      damage.onMet?.();
    });
    far.on("data", (chunk: Buffer) => {
      if (damage.silent === true) return;
      if (damage.onAnswer === undefined) near.write(chunk);
      else if (chunk.includes('"seq":')) damage.onAnswer();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    damage = {};
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    silence() {
      damage = { silent: true };
    },
    loseAnswers: () =>
      new Promise((resolve) => {
        damage = { onAnswer: resolve };
      }),
    endBefore: (before) =>
      new Promise((resolve) => {
        damage = { before, onMet: resolve };
      }),
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
