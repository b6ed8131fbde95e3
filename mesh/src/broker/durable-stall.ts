// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Broker } from "./connection.ts";
import type { Durable } from "./durable.ts";
import { durableProgress } from "./durable-progress.ts";

/** What was stored just now is on its way. */
const onItsWayMs = 1_000;

/** What to say of a durable that has messages and delivers none, with nobody having any; undefined when it does, or has none. */
export async function stallOf(broker: Broker, durable: Durable): Promise<string | undefined> {
  const before = await durableProgress(broker, durable);
  if (before.undelivered === 0 || before.unsettled > 0) return undefined;
  await delay(onItsWayMs, undefined, { ref: false });
  const { undelivered, unsettled, delivered, isPaused } = await durableProgress(broker, durable);
  if (undelivered === 0 || unsettled > 0 || delivered !== before.delivered) return undefined;
  const why = isPaused ? "somebody has paused it at the broker" : "its requests are made anew";
  return `consumer "${durable.name}" of stream "${durable.stream}" has ${undelivered} message(s) and delivers none; ${why}`;
}
