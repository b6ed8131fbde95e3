// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "../agent/host-options.ts";
import { forgetDurable } from "../broker/durable.ts";
import { ensureDurable, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { isForOneHearer } from "../broker/read-subject.ts";
import { streamNames } from "../broker/stream-names.ts";
import { newId } from "../ids.ts";

/** Messages that wait for whoever reads; while so many do, no more are pulled. */
const maxWaiting = 64;
/** Milliseconds after which the broker forgets a tail whose process has died. */
const forgetAfterMs = 60_000;

/** What to show. */
export interface TailInit {
  /** Subjects of EVENTS. */
  readonly filters: readonly string[];
  readonly signal: AbortSignal;
}

/** Every message that enters EVENTS from now on, until the signal aborts or nobody reads any more. */
export async function* tail(host: Host, { filters, signal }: TailInit): AsyncGenerator<PulledMessage> {
  const { broker, namespace } = host;
  const durable = {
    stream: streamNames(namespace).events,
    name: `tail-${newId()}`,
    filters,
    from: "now" as const,
    forgetAfterMs,
  };
  const waiting: Waiting[] = [];
  let wake = () => {};
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  await ensureDurable(broker, durable);
  const pulling = pull(broker, {
    durable,
    maxMessages: maxWaiting,
    onMessage(message) {
      // To be shown is all that it is pulled for; a slow reader must not get it twice.
      message.ack();
      if (isForOneHearer(message.subject)) return Promise.resolve();
      return new Promise<void>((taken) => {
        waiting.push({ message, taken });
        wake();
      });
    },
  });
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else {
        next.taken();
        yield next.message;
      }
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    for (const { taken } of waiting) taken();
    await pulling.stop();
    await forgetDurable(broker, durable).catch(() => {});
  }
}

interface Waiting {
  readonly message: PulledMessage;
  readonly taken: () => void;
}
