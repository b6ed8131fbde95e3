// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import type { Durable } from "./durable.ts";

/** How far the instances that share a durable are, all together. */
export interface DurableProgress {
  /** Messages not yet delivered to any of them. */
  readonly undelivered: number;
  /** Messages delivered and not yet settled. */
  readonly unsettled: number;
  /** Sequence of the last message that was delivered. */
  readonly delivered: number;
  /** An operator lets it deliver nothing for a time. */
  readonly isPaused: boolean;
  /** Requests for messages that are open, of all of them. */
  readonly waiting: number;
  /** The pin of who is served, where it is one at a time; unset: nobody has it. */
  readonly pin?: string | undefined;
}

/** Asks how far a durable is. */
export async function durableProgress(
  broker: Broker,
  { stream, name }: Pick<Durable, "stream" | "name">,
): Promise<DurableProgress> {
  try {
    const info = await broker.manager.consumers.info(stream, name);
    return {
      undelivered: info.num_pending,
      unsettled: info.num_ack_pending,
      delivered: info.delivered.stream_seq,
      isPaused: info.paused === true,
      waiting: info.num_waiting,
      pin: pinIn(info),
    };
  } catch (error) {
    throw brokerError(error, `asking how far consumer "${name}" of stream "${stream}" is`);
  }
}

/** The client library does not know of it. */
function pinIn(info: object): string | undefined {
  const groups: unknown = "priority_groups" in info ? info.priority_groups : undefined;
  const first: unknown = Array.isArray(groups) ? groups[0] : undefined;
  const id = typeof first === "object" && first !== null && "pinned_client_id" in first ? first.pinned_client_id : "";
  return typeof id === "string" && id !== "" ? id : undefined;
}
