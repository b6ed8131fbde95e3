// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { AckPolicy, type ConsumerMessages } from "@nats-io/jetstream";
import type { Broker } from "@parley/mesh/broker";

/** The peer of the benches of delivery: a plain client of the broker, with message ids and a durable, and nothing else. */
export class PlainPeer implements AsyncDisposable {
  readonly #broker: Broker;
  readonly #waiting = new Map<string, () => void>();
  #messages: ConsumerMessages | undefined;
  #next = 0;

  private constructor(broker: Broker) {
    this.#broker = broker;
  }

  /** Makes a stream and begins to consume it. */
  static async open(broker: Broker): Promise<PlainPeer> {
    const { manager, jetstream } = broker;
    await manager.streams.add({ name: "PEER", subjects: ["peer.>"] });
    await manager.consumers.add("PEER", {
      durable_name: "peer",
      ack_policy: AckPolicy.Explicit,
      max_ack_pending: 1_000,
    });
    const peer = new PlainPeer(broker);
    peer.#messages = await (await jetstream.consumers.get("PEER", "peer")).consume({
      max_messages: 64,
      callback(message) {
        peer.#waiting.get(message.string())?.();
        message.ack();
      },
    });
    return peer;
  }

  /** Publishes a message of 40 bytes and waits until it is stored. */
  async publish(id = this.#id()): Promise<void> {
    await this.#broker.jetstream.publish("peer.k", id.padEnd(40), { msgID: id });
  }

  /** Publishes, and waits until it was consumed. */
  async publishAndHear(): Promise<void> {
    const id = this.#id();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(id.padEnd(40), resolve);
    await this.publish(id);
    await promise;
    this.#waiting.delete(id.padEnd(40));
  }

  #id(): string {
    return `p${++this.#next}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#messages?.close();
  }
}
