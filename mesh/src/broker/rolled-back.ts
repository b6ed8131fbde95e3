// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { MeshError } from "../mesh-error.ts";
import type { Broker } from "./connection.ts";
import { streamInfo } from "./ensure-stream.ts";
import { sourceStates } from "./sourcing.ts";
import { streamNames } from "./stream-names.ts";

/** A stream that holds less than another has taken from it: a journal, or SCHEDULES. */
export interface RolledBack {
  readonly origin: string;
  /** Stream that has taken more. */
  readonly stream: string;
  /** Newest sequence of the origin. */
  readonly last: number;
  /** Newest sequence of it that the other stream has taken. */
  readonly sourced: number;
}

/** A stream's new leader may need a moment to know all that it holds. */
const looks = 3;
const pauseMs = 500;

/**
 * The streams that were set back behind EVENTS or COMMANDS, as by restoring them alone. What is appended to such a one is not
 * sourced until it has passed the old place, and the broker shows neither an error nor a lag.
 *
 * @throws MeshError BROKER_UNAVAILABLE
 */
export async function rolledBackStreams(broker: Broker, namespace: string): Promise<readonly RolledBack[]> {
  for (let look = 1; ; look++) {
    const found = await lookOnce(broker, namespace);
    if (found.length === 0 || look === looks) return found;
    await delay(pauseMs);
  }
}

/** @throws MeshError BROKER_UNSUITABLE when SCHEDULES or the journal of one of these domains was set back; BROKER_UNAVAILABLE */
export async function refuseRolledBack(
  broker: Broker,
  { namespace, domains }: { readonly namespace: string; readonly domains: readonly string[] },
): Promise<void> {
  const names = streamNames(namespace);
  const own = new Set([names.schedules, ...domains.map((domain) => names.journal(domain))]);
  const [found] = (await rolledBackStreams(broker, namespace)).filter(({ origin }) => own.has(origin));
  if (found === undefined) return;
  const { origin, stream, last, sourced } = found;
  const message =
    `stream "${origin}" ends at ${last}, but "${stream}" has taken ${sourced} of it: it was rolled back, and what is ` +
    "appended now would not be heard; restore all streams of one backup, see docs/operations.md";
  throw new MeshError({ code: "BROKER_UNSUITABLE", message });
}

async function lookOnce(broker: Broker, namespace: string): Promise<readonly RolledBack[]> {
  const { events, commands } = streamNames(namespace);
  const found: RolledBack[] = [];
  await Promise.all(
    [events, commands].map(async (stream) => {
      // Asked before the journals: what these gain meanwhile does no harm.
      const states = await sourceStates(broker, stream);
      for (const { origin, sequence } of states) {
        const info = await streamInfo(broker, origin);
        if (info === undefined || info.state.last_seq >= sequence) continue;
        found.push({ origin, stream, last: info.state.last_seq, sourced: sequence });
      }
    }),
  );
  return found.sort((left, right) => (left.origin + left.stream < right.origin + right.stream ? -1 : 1));
}
