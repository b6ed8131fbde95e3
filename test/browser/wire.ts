// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** An event of the DevTools protocol, of one page. */
export interface WireEvent {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sessionId?: string;
}

interface Answer extends Partial<WireEvent> {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * The connection to a browser: commands and events of the DevTools protocol as JSON over one WebSocket.
 *
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
export class Wire {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Set<(event: WireEvent) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(String(data)) as Answer));
  }

  static async open(address: string): Promise<Wire> {
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`no browser listens at ${address}`)));
    });
    return new Wire(socket);
  }

  /** Carries a command out and gives its result, which the protocol's description types. */
  async send(method: string, params: object = {}, sessionId?: string): Promise<unknown> {
    this.#last += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, answer);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params, sessionId }));
    return await answer.promise;
  }

  /** Tells every event from now on, of all pages. */
  listen(listener: (event: WireEvent) => void): void {
    this.#listeners.add(listener);
  }

  #hear({ id, result, error, method, params, sessionId }: Answer): void {
    if (method !== undefined) {
      const event = { method, params: params ?? {}, ...(sessionId === undefined ? {} : { sessionId }) };
      for (const listener of this.#listeners) listener(event);
    }
    if (id === undefined) return;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}
