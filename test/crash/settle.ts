// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { nanos } from "@nats-io/transport-node";
import { ackWaitMs, type Broker, streamNames } from "@parley/mesh/broker";
import { domain } from "./record.ts";

const lookEveryMs = 40;
/** Looks that must be the same, one after the other. */
const stillLooks = 3;
/** After this the broker's patience with what is unsettled is cut short. */
const hastenAfterMs = 1_000;
/** No more often than this: each time counts as a delivery, and what is delivered too often is given up. */
const maxHastened = 4;

/** When all is quiet. */
export interface Quiet {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  /** Whether sourcing must have confirmed what it has; it does so about a second after the last event. Default false. */
  readonly confirmed?: boolean | undefined;
}

/**
 * Resolves when every event is sourced and every hearer has settled all that it was given; false when it does not come to
 * that before the deadline.
 */
export async function settled(broker: Broker, namespace: string, { deadline, confirmed }: Quiet): Promise<boolean> {
  let before = "";
  let still = 0;
  let stuckSince = Date.now();
  let hastened = 0;
  while (Date.now() < deadline) {
    const now = await look(broker, namespace, confirmed === true).catch(() => undefined);
    const text = JSON.stringify(now);
    still = now?.pending === 0 && now.unsettled === 0 && text === before ? still + 1 : 0;
    if (still >= stillLooks) return true;
    if (text !== before || now?.unsettled === 0) stuckSince = Date.now();
    if (Date.now() - stuckSince > hastenAfterMs && hastened++ < maxHastened) {
      await hasten(broker, namespace);
      stuckSince = Date.now();
    }
    before = text;
    await delay(lookEveryMs);
  }
  return false;
}

async function look(broker: Broker, namespace: string, confirmed: boolean) {
  const names = streamNames(namespace);
  const journal = names.journal(domain);
  const sequences = await Promise.all(
    [journal, names.events, names.dead].map(async (name) => (await broker.manager.streams.info(name)).state.last_seq),
  );
  let pending = 0;
  let unsettled = 0;
  for (const stream of [journal, names.events]) {
    for await (const { num_pending, num_ack_pending } of broker.manager.consumers.list(stream)) {
      pending += num_pending;
      // Sourcing confirms late; that all was sent and EVENTS stands still says enough.
      unsettled += stream === journal && !confirmed ? 0 : num_ack_pending;
    }
  }
  return { sequences, pending, unsettled };
}

/** Within it a message is delivered again once or twice, not in a circle that the mesh would take for a poisoned message. */
const hastyMs = 250;

/**
 * Lets the broker deliver again at once what a dead process had in hand, where it would wait for {@link ackWaitMs}. It changes
 * how long a run takes, not what happens.
 */
export async function hasten(broker: Broker, namespace: string, of: "events" | "commands" = "events"): Promise<void> {
  const stream = streamNames(namespace)[of];
  const hastened: string[] = [];
  try {
    for await (const { name, num_ack_pending, config } of broker.manager.consumers.list(stream)) {
      if (num_ack_pending === 0 || config.ack_policy !== "explicit") continue;
      await broker.manager.consumers.update(stream, name, { ack_wait: nanos(hastyMs) });
      hastened.push(name);
    }
    if (hastened.length > 0) await delay(2 * hastyMs);
    for (const name of hastened) {
      await broker.manager.consumers.update(stream, name, { ack_wait: nanos(ackWaitMs) });
    }
  } catch {
    // The broker is away as well; who waits for this tries again.
  }
}
