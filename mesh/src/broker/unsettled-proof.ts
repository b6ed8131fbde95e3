// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Subscription } from "@nats-io/transport-node";
import type { Broker } from "./connection.ts";
import type { Durable } from "./durable.ts";
import type { PulledMessage } from "./pulled-message.ts";

/** A sequence that no message has. */
const noSequence = Number.MAX_SAFE_INTEGER;
/** Real milliseconds after which the broker is asked again whether it has told everything. */
const answerMs = 1_000;
const pauseMs = 100;

/**
 * Asks the broker which messages of a durable are unsettled. Its numbers only say how many are; a message that somebody else
 * may have acknowledged meanwhile looks no other to who has it in hand. But of a message that is given back the broker tells
 * those who listen, and only if it is unsettled (an advisory); one that is given back with the whole patience of the broker
 * stays where it is.
 */
export class UnsettledProof implements Disposable {
  readonly #broker: Broker;
  readonly #end: string;
  /** Unset: the connection was being closed already. */
  readonly #told: Subscription | undefined;
  #proven = new Set<number>();

  constructor(broker: Broker, { stream, name }: Pick<Durable, "stream" | "name">) {
    this.#broker = broker;
    this.#end = `$JS.ACK.${stream}.${name}.1.${noSequence}.1.0.0`;
    if (isOver(broker.connection)) return;
    this.#told = broker.connection.subscribe(`$JS.EVENT.ADVISORY.CONSUMER.MSG_NAKED.${stream}.${name}`, {
      callback: (error, message) => {
        if (error === null) this.#proven.add(sequenceIn(message.string()));
      },
    });
  }

  /**
   * Those of some messages in hand that were unsettled at a moment after the call. None of the others is known not to be: in a
   * cluster the broker may not know yet that somebody listens. To be called once at a time.
   */
  async of(messages: readonly PulledMessage[]): Promise<ReadonlySet<number>> {
    this.#proven = new Set();
    if (messages.length === 0) return this.#proven;
    for (const message of messages) message.prove();
    await this.#isTold();
    return this.#proven;
  }

  /**
   * Resolves when the broker has told all that it was asked for: it answers in order. Before that nothing else may be asked, for
   * a late answer to this question would pass for one to the next.
   */
  async #isTold(): Promise<void> {
    const { connection } = this.#broker;
    while (!isOver(connection)) {
      try {
        await connection.request(this.#end, "+WPI", { timeout: answerMs });
        return;
      } catch {
        await delay(pauseMs, undefined, { ref: false });
      }
    }
    this.#proven.clear();
  }

  [Symbol.dispose](): void {
    if (!isOver(this.#broker.connection)) this.#told?.unsubscribe();
  }
}

function isOver(connection: Broker["connection"]): boolean {
  return connection.isClosed() || connection.isDraining();
}

function sequenceIn(advisory: string): number {
  const told: unknown = JSON.parse(advisory);
  const sequence = typeof told === "object" && told !== null && "stream_seq" in told ? told.stream_seq : undefined;
  return typeof sequence === "number" ? sequence : noSequence;
}
