// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ConsumerInfo } from "@nats-io/jetstream";
import { streamInfo } from "../broker/ensure-stream.ts";
import type { Patient } from "./patient.ts";

/** Milliseconds without a pull after which nobody is taken to be there; a pull lasts 10 s at most. */
const abandonedMs = 60_000;

/** Where a hearer stands in EVENTS or COMMANDS: one durable, or one for each lane or partition. */
export interface HearerPlace {
  readonly stream: string;
  /** `<agent>~<hearer>`, as tokens. */
  readonly name: string;
  readonly durables: readonly ConsumerInfo[];
}

/** The places of all hearers, whoever has them. */
export async function hearerPlaces({
  broker,
  names,
}: Pick<Patient, "broker" | "names">): Promise<readonly HearerPlace[]> {
  const places = new Map<string, HearerPlace & { readonly durables: ConsumerInfo[] }>();
  for (const stream of [names.events, names.commands]) {
    if ((await streamInfo(broker, stream)) === undefined) continue;
    for await (const info of broker.manager.consumers.list(stream)) {
      // The broker itself forgets those that say for how long they want to be kept.
      if ((info.config.inactive_threshold ?? 0) > 0) continue;
      const name = info.name.split("~", 2).join("~");
      const place = places.get(`${stream} ${name}`) ?? { stream, name, durables: [] };
      place.durables.push(info);
      places.set(`${stream} ${name}`, place);
    }
  }
  return [...places.values()];
}

/** Messages that wait in a place, those included that were delivered and not settled. */
export function waitingIn({ durables }: HearerPlace): number {
  return durables.reduce((sum, { num_pending, num_ack_pending }) => sum + num_pending + num_ack_pending, 0);
}

/** Whether somebody waits for messages of a place at this moment. */
export function isPulled({ durables }: HearerPlace): boolean {
  return durables.some(({ num_waiting }) => num_waiting > 0);
}

/**
 * Whether nobody waits for messages of a place or has any, and none was taken for `forMs`. A busy hearer waits for none, but
 * has some.
 */
export function isAbandoned({ durables }: HearerPlace, now: number, forMs = abandonedMs): boolean {
  return durables.every((info) => {
    const { num_waiting, num_ack_pending } = info;
    return num_waiting === 0 && num_ack_pending === 0 && now - lastActive(info) > forMs;
  });
}

/** When a message was last taken from it; when it was made, if none ever was. */
export function lastActive({ delivered, created }: ConsumerInfo): number {
  // Not in the client's types.
  return Date.parse("last_active" in delivered ? String(delivered.last_active) : created);
}
