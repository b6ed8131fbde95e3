// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { type DescMessage, fromBinary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import type { Broker } from "../broker/connection.ts";
import { pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { isForOneHearer } from "../broker/read-subject.ts";
import { hearSignals, type Signal } from "../broker/signals.ts";
import { streamNames } from "../broker/stream-names.ts";
import { Subjects } from "../broker/subjects.ts";
import type { MessageHeader } from "../header.ts";
import { readHeader } from "../header-codec.ts";

/** An event as it was published. */
export interface Recorded {
  readonly header: MessageHeader;
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Uint8Array;
}

/** Keeps every event of a namespace whose header can be read, in the order of EVENTS; each once, however often it is delivered here or
 * repeated for one hearer. */
export class EventRecorder implements AsyncDisposable {
  #stop: () => Promise<void> = async () => {};
  readonly #recorded: Recorded[] = [];
  readonly #sequences = new Set<number>();
  readonly #waiting = new Set<() => void>();

  private constructor() {}

  /** Records from the oldest event on, and signals from now on. @param onMessage is told of each message of EVENTS */
  static async open(
    broker: Broker,
    namespace: string,
    onMessage: (message: PulledMessage) => void = () => {},
  ): Promise<EventRecorder> {
    const recorder = new EventRecorder();
    const durable = {
      stream: streamNames(namespace).events,
      // One of its own: several recorders of a namespace each get all events.
      name: `test-recorder-${randomUUID()}`,
      filters: [`${namespace}.evt.>`],
      from: "retained" as const,
    };
    const record = async (message: PulledMessage) => {
      recorder.#record(message);
      onMessage(message);
    };
    const pulling = pull(broker, { durable, maxMessages: 256, onMessage: record });
    const subject = new Subjects(namespace).all("sig");
    const endSignals = await hearSignals(broker, { subject, onSignal: (signal) => recorder.#keep(signal) });
    recorder.#stop = async () => {
      endSignals();
      await pulling.stop();
    };
    return recorder;
  }

  /** All so far. */
  get events(): readonly Recorded[] {
    return this.#recorded;
  }

  /** All of one type so far, decoded. */
  of<D extends DescMessage>(type: D): readonly MessageShape<D>[] {
    return this.#recorded
      .filter(({ header }) => header.messageType === type.typeName)
      .map(({ payload }) => fromBinary(type, payload));
  }

  /** The first of that type whose fields are those of `where`, waited for as long as it takes. */
  async first<D extends DescMessage>(type: D, where: MessageInitShape<D>): Promise<MessageShape<D>> {
    for (;;) {
      const found = this.of(type).find((event) => matches(event, where));
      if (found !== undefined) return found;
      await this.#more();
    }
  }

  /** Resolves when a message with that id is in. */
  async seen(messageId: string): Promise<void> {
    while (!this.#recorded.some(({ header }) => header.messageId === messageId)) await this.#more();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #record(message: PulledMessage): void {
    if (!this.#sequences.has(message.sequence) && !isForOneHearer(message.subject)) this.#keep(message);
    this.#sequences.add(message.sequence);
    message.ack();
  }

  #keep({ subject, headers, payload }: Signal): void {
    const header = headerOf(headers);
    if (header !== undefined) this.#recorded.push({ header, subject, headers, payload });
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }
}

/** Unset when it cannot be read: that message is no event of anybody's. */
function headerOf(headers: Signal["headers"]): MessageHeader | undefined {
  try {
    return readHeader((name) => headers.get(name));
  } catch {
    return undefined;
  }
}

/** Whether every given field of `where` has the same JSON-like value in `event`. */
function matches(event: object, where: object): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const actual: unknown = event[name as keyof typeof event];
    if (typeof wanted === "object" && wanted !== null && typeof actual === "object" && actual !== null) {
      return matches(actual, wanted);
    }
    return actual === wanted;
  });
}
