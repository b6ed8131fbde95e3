// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { type Durable, ensureDurable, type Pull, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import { durableName, type Subjects } from "../broker/subjects.ts";
import { type DeliveryInit, deliver } from "./deliver.ts";
import type { Hearing } from "./hearing.ts";

/** Messages that one hearer has in hand at once in this process, those waiting for a retry included. */
const maxInHand = 32;

/** What the delivery machine of a host is made of. */
export interface DeliveriesInit extends Omit<DeliveryInit, "closing"> {
  readonly broker: Broker;
  readonly subjects: Subjects;
}

/** The one consumption machine of a host: pulls for each hearer, and takes each message to its end. */
export class Deliveries {
  readonly #init: DeliveriesInit;
  readonly #closing = new AbortController();
  readonly #pulls: Pull[] = [];
  readonly #inHand = new Set<Promise<void>>();

  constructor(init: DeliveriesInit) {
    this.#init = init;
  }

  /** Messages that are being handled or wait for a retry. */
  get inHand(): number {
    return this.#inHand.size;
  }

  /** Begins to pull for a hearer. Its durable is made when this is the first time that anybody hears so. */
  async begin(hearing: Hearing): Promise<void> {
    const durable = durableOf(hearing, this.#init.subjects);
    await ensureDurable(this.#init.broker, durable);
    const onMessage = (message: PulledMessage) => this.#take(message, hearing);
    this.#pulls.push(pull(this.#init.broker, { durable, maxMessages: maxInHand, onMessage }));
  }

  /** Pulls no more; messages that wait for a retry go back to the broker. What is being handled goes on. */
  async stop(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#pulls.map((each) => each.stop()));
  }

  /** Resolves when nothing is in hand any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#inHand);
  }

  #take(message: PulledMessage, hearing: Hearing): Promise<void> {
    const work = deliver(message, hearing, { ...this.#init, closing: this.#closing.signal })
      .catch(() => message.nak(1_000))
      .finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
    return work;
  }
}

/** Where a hearer has its place. */
export function durableOf({ operation, contract, from }: Hearing, subjects: Subjects): Durable {
  return {
    stream: streamNames(subjects.namespace).events,
    name: durableName(operation.agent, operation.handler),
    filters: [subjects.heardEvent(contract.typeName)],
    from,
  };
}
