// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "./connection.ts";

/** An answer that has not come this long after a reconnect is for the old connection. */
const afterReconnectMs = 100;

/**
 * What a request brings, or an error soon after the connection was lost and found again: what was sent into a broken
 * connection is gone, and so is what the client library had not sent yet; waiting for its timeout would cost seconds.
 */
export async function answered<T>(broker: Broker, request: Promise<T>): Promise<T> {
  let end = () => {};
  const lost = new Promise<never>((_, reject) => {
    end = broker.onReconnect(() => {
      void delay(afterReconnectMs).then(() => reject(new Error("the connection was lost before the answer came")));
    });
  });
  try {
    return await Promise.race([request, lost]);
  } finally {
    end();
    request.catch(() => {});
  }
}
