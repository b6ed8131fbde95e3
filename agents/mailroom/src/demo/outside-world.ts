// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds that each request takes. */
const workMs = 350;

/** What a system outside was asked for and did. */
export interface Effect {
  readonly system: string;
  readonly to: string;
  /** How often the same was asked for; all but the first changed nothing. */
  asked: number;
}

/** A mail server and a telephone exchange that fail as they are told to. They know repeats, as such systems should. */
export class OutsideWorld implements AsyncDisposable {
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #effects = new Map<string, Effect>();
  /** Whether the mail server is down. */
  mailIsDown = false;
  /** Numbers at which nobody answers the phone. */
  readonly silent = new Set<string>();
  /** Mail addresses that do not exist. */
  readonly unknown = new Set<string>();
  /** Requests that were turned away because the mail server was down. */
  turnedAway = 0;

  /** Starts it on a free port. */
  static async open(): Promise<OutsideWorld> {
    const world = new OutsideWorld();
    await new Promise<void>((resolve) => world.#server.listen(0, "127.0.0.1", resolve));
    return world;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  /** Everything that was really done, once each. */
  get effects(): readonly Effect[] {
    return [...this.#effects.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const system = (request.url ?? "/").slice(1);
    const { to } = JSON.parse(await textOf(request)) as { readonly to: string };
    const say = (status: number, text: string) => response.writeHead(status).end(text);
    if (system === "smtp" && this.mailIsDown) {
      this.turnedAway++;
      return void say(503, "the mail server is down");
    }
    await wait(workMs);
    if (system === "smtp" && this.unknown.has(to)) return void say(422, "no such address");
    if (system === "phone" && this.silent.has(to)) return void say(503, "nobody answers");
    const key = `${system} ${String(request.headers["idempotency-key"])}`;
    const effect = this.#effects.get(key) ?? { system, to, asked: 0 };
    effect.asked++;
    this.#effects.set(key, effect);
    say(200, `${system}-${[...this.#effects.keys()].indexOf(key) + 1}`);
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
