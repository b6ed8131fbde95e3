// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { append } from "./append.ts";
import { appendBatch } from "./atomic-batch.ts";
import type { Broker } from "./connection.ts";
import type { Appended, NewMessage } from "./new-message.ts";

/** Stores messages. What stores several at once, or many in one go, will stand behind the same noun. */
export interface Appender {
  /**
   * Stores a message and resolves when it is on the disk. While the broker gives no definite answer the append is repeated
   * under the same id, so that it is stored once.
   *
   * @throws MeshError CONFLICT when the expectation does not hold; MESSAGE_ID_REUSED when another message has the id;
   *   STORAGE_FULL and TOO_LARGE, nothing stored; BROKER_UNAVAILABLE after 20 seconds, `mayHaveRun` when it may be stored.
   */
  append(message: NewMessage): Promise<Appended>;
  /**
   * Stores several messages of one stream, all or none; a single one costs no more than `append`. Throws as `append` does.
   * A sequence of 0 says that it is stored, but not where.
   */
  appendAll(messages: readonly NewMessage[]): Promise<readonly Appended[]>;
}

/** Appends over a connection. */
export function brokerAppender(broker: Broker): Appender {
  return {
    append: (message) => append(broker, message),
    async appendAll(messages) {
      const [only] = messages;
      return messages.length === 1 && only !== undefined ? [await append(broker, only)] : appendBatch(broker, messages);
    },
  };
}
