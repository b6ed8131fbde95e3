// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "./connection.ts";
import { readEntry, type StoredEntry } from "./stored-entry.ts";

/** Who listens for what a stream tells of the messages that it has stored. */
export interface ToldListener {
  /** Where they are told; may hold wildcards. */
  readonly subject: string;
  /** Gets each message whole, in the order in which they were stored; some may be missing after a fault of the broker. */
  readonly onTold: (entry: StoredEntry) => void;
}

/**
 * Listens until the returned function is called. The broker takes what one connection says in turn: what is not in the answer to
 * a question that is asked from now on will be told.
 */
export function hearTold(broker: Broker, { subject, onTold }: ToldListener): () => void {
  const subscription = broker.connection.subscribe(subject, {
    callback: (error, delivery) => {
      if (error === null) onTold(readEntry(delivery));
    },
  });
  return () => {
    if (!broker.connection.isClosed()) subscription.unsubscribe();
  };
}
