// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { MeshError } from "../mesh-error.ts";
import type { Broker } from "./connection.ts";
import { streamInfo } from "./ensure-stream.ts";
import { sourceStates } from "./sourcing.ts";
import { streamNames } from "./stream-names.ts";

/** A journal that holds less than others have taken from it. */
export interface RolledBack {
  readonly journal: string;
  /** Stream that has taken more. */
  readonly stream: string;
  /** Newest sequence of the journal. */
  readonly last: number;
  /** Newest sequence of it that the other stream has taken. */
  readonly sourced: number;
}

/** A journal's new leader may need a moment to know all that it holds. */
const looks = 3;
const pauseMs = 500;

/**
 * The journals that were set back behind EVENTS or COMMANDS, as by restoring them alone. What is appended to such a journal
 * is not sourced until it has passed the old place, and the broker shows neither an error nor a lag.
 *
 * @throws MeshError BROKER_UNAVAILABLE
 */
export async function rolledBackJournals(broker: Broker, namespace: string): Promise<readonly RolledBack[]> {
  for (let look = 1; ; look++) {
    const found = await lookOnce(broker, namespace);
    if (found.length === 0 || look === looks) return found;
    await delay(pauseMs);
  }
}

/** @throws MeshError BROKER_UNSUITABLE when the journal of one of these domains was set back; BROKER_UNAVAILABLE */
export async function refuseRolledBack(
  broker: Broker,
  { namespace, domains }: { readonly namespace: string; readonly domains: readonly string[] },
): Promise<void> {
  const names = streamNames(namespace);
  const own = new Set(domains.map((domain) => names.journal(domain)));
  const [found] = (await rolledBackJournals(broker, namespace)).filter(({ journal }) => own.has(journal));
  if (found === undefined) return;
  const { journal, stream, last, sourced } = found;
  const message =
    `journal "${journal}" ends at ${last}, but "${stream}" has taken ${sourced} of it: it was rolled back, and what is ` +
    "appended now would not be heard; restore all streams of one backup, see docs/operations.md";
  throw new MeshError({ code: "BROKER_UNSUITABLE", message });
}

async function lookOnce(broker: Broker, namespace: string): Promise<readonly RolledBack[]> {
  const { events, commands, journalPrefix } = streamNames(namespace);
  const found: RolledBack[] = [];
  await Promise.all(
    [events, commands].map(async (stream) => {
      // Asked before the journals: what these gain meanwhile does no harm.
      const states = await sourceStates(broker, stream);
      for (const { origin, sequence } of states) {
        if (!origin.startsWith(journalPrefix)) continue;
        const info = await streamInfo(broker, origin);
        if (info === undefined || info.state.last_seq >= sequence) continue;
        found.push({ journal: origin, stream, last: info.state.last_seq, sourced: sequence });
      }
    }),
  );
  return found.sort((left, right) => (left.journal + left.stream < right.journal + right.stream ? -1 : 1));
}
