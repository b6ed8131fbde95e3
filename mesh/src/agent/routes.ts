// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Channel } from "../calls/channel.ts";
import { type HttpChannel, httpChannel } from "../calls/http-channel.ts";
import { localChannel } from "../calls/local-channel.ts";
import type { ServedMethods } from "../calls/served-methods.ts";
import type { MethodContract } from "../contracts/policy.ts";
import type { Directory } from "../directory/directory.ts";

/**
 * Chooses where a call goes: into this process when the agent is here, else to the instances that the directory knows, each
 * first in its turn.
 */
export class Routes implements Disposable {
  readonly #directory: Directory;
  readonly #served: ServedMethods;
  readonly #local: Channel;
  readonly #http = new Map<string, HttpChannel>();
  readonly #turns = new Map<string, number>();

  constructor(instance: string, served: ServedMethods, directory: Directory) {
    this.#directory = directory;
    this.#served = served;
    this.#local = localChannel(instance, served);
  }

  /** Channels to all instances that serve the method now, the one whose turn it is first. */
  to(contract: MethodContract): readonly Channel[] {
    if (this.#served.has(contract.name)) return [this.#local];
    const instances = this.#directory.instancesOf(contract.serviceName);
    const turn = (this.#turns.get(contract.serviceName) ?? -1) + 1;
    this.#turns.set(contract.serviceName, turn);
    const channels: Channel[] = [];
    for (let i = 0; i < instances.length; i++) {
      const instance = instances[(turn + i) % instances.length];
      if (instance !== undefined) channels.push(this.#channel(instance.endpoint));
    }
    return channels;
  }

  /** Lets go of endpoints that no instance has any more; calls in progress there go on. */
  prune(): void {
    const alive = new Set(this.#directory.all().map((profile) => profile.endpoint));
    for (const [endpoint, channel] of this.#http) {
      if (alive.has(endpoint)) continue;
      channel.close();
      this.#http.delete(endpoint);
    }
  }

  [Symbol.dispose](): void {
    for (const channel of this.#http.values()) channel.abort();
    this.#http.clear();
  }

  #channel(endpoint: string): Channel {
    let channel = this.#http.get(endpoint);
    if (channel === undefined) {
      channel = httpChannel(endpoint, endpoint);
      this.#http.set(endpoint, channel);
    }
    return channel;
  }
}
