// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import type { Broker } from "../broker/connection.ts";
import { pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { streamNames } from "../broker/stream-names.ts";

/** Knows the commands that have come into COMMANDS: the message id of each, as often as it stands there. */
export class CommandRecorder implements AsyncDisposable {
  #stop: () => Promise<void> = async () => {};
  readonly #ids = new Map<number, string>();

  private constructor() {}

  /** Records from the oldest command on. @param onMessage is told of each message of COMMANDS */
  static async open(
    broker: Broker,
    namespace: string,
    onMessage: (message: PulledMessage) => void = () => {},
  ): Promise<CommandRecorder> {
    const recorder = new CommandRecorder();
    const durable = {
      stream: streamNames(namespace).commands,
      name: `test-recorder-${randomUUID()}`,
      filters: [`${namespace}.cmd.>`],
      from: "retained" as const,
    };
    const record = async (message: PulledMessage) => {
      recorder.#record(message);
      onMessage(message);
    };
    const pulling = pull(broker, { durable, maxMessages: 256, onMessage: record });
    recorder.#stop = () => pulling.stop();
    return recorder;
  }

  /** Message ids so far, in the order of COMMANDS. */
  get ids(): readonly string[] {
    return [...this.#ids.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  #record(message: PulledMessage): void {
    this.#ids.set(message.sequence, message.headers.get("ce-id") ?? "");
    message.ack();
  }
}
