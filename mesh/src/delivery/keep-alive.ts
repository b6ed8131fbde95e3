// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ackWaitMs } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";

/**
 * Tells the broker that a message is being worked on, until disposed of: three times within each ack_wait, in real time,
 * because the broker's patience is. A process that dies stops telling, and the message goes to another instance.
 */
export function keepAlive(pulled: PulledMessage): Disposable {
  const timer = setInterval(() => pulled.working(), ackWaitMs / 3);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
