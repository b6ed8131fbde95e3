// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { millis, nanos } from "@nats-io/transport-node";
import { all } from "../all.ts";
import type { Broker } from "./connection.ts";
import { ensureStream, streamInfo } from "./ensure-stream.ts";
import { patiently } from "./patience.ts";
import { packageOfToken } from "./proto-token.ts";
import {
  commandSources,
  type DurableSource,
  eventSources,
  journalStream,
  plainStreams,
  sourcingStream,
} from "./stream-configs.ts";
import { streamNames } from "./stream-names.ts";
import { Subjects } from "./subjects.ts";

const weekMs = 7 * 24 * 60 * 60_000;

/** Which streams are to be there. */
export interface StreamsOptions {
  readonly namespace: string;
  /** Proto packages whose events or commands are published; those of other hosts stay. */
  readonly domains: readonly string[];
  /** How many servers hold each message. Default: as it is; of a new stream 3 in a cluster, else 1. */
  readonly replicas?: number | undefined;
  /** How long messages are kept at least; a longer time that is set already stays. Default: {@link leastRetention}. */
  readonly retention?: Retention | undefined;
}

/** Milliseconds that EVENTS and COMMANDS keep messages. */
export interface Retention {
  readonly events: number;
  readonly commands: number;
}

/** Seven days: contracts may ask for more. */
export const leastRetention: Retention = { events: weekMs, commands: weekMs };

/**
 * Sees to it that the streams of a namespace are there and as the mesh needs them: a journal per domain, EVENTS and COMMANDS
 * which source the journals durably, SCHEDULES, the parts of STATUS, DEAD and AUDIT. May be called again, with more domains, and by many hosts at
 * once.
 *
 * @throws MeshError BROKER_UNAVAILABLE, STORAGE_FULL when the server has no room for their limits, BROKER_UNSUITABLE when a
 *   stream of that name is something else.
 */
export async function ensureStreams(broker: Broker, options: StreamsOptions): Promise<void> {
  const { namespace, domains, replicas, retention = leastRetention } = options;
  const subjects = new Subjects(namespace);
  const names = streamNames(namespace);
  const entered = [
    ...plainStreams(subjects, names),
    ...domains.map((domain) => journalStream(subjects, names, domain)),
  ];
  await all(
    entered.map((wanted) => patiently(broker, `stream "${wanted.name}"`, () => ensureStream(broker, wanted, replicas))),
  );
  const ensureSourcing = async (
    { name, retentionMs }: { readonly name: string; readonly retentionMs: number },
    sourcesOf: (domains: readonly string[]) => readonly DurableSource[],
  ) => {
    // Who changed it looks again: a host that knew fewer journals may have written at the same time, and it will look again
    // too. So the last one that writes has seen every journal.
    for (let changed = true; changed; ) {
      const sources = sourcesOf(await journaledDomains(broker, namespace));
      await all(sources.map((source) => ensureSource(broker, source)));
      changed =
        sources.length > 0 && (await ensureStream(broker, sourcingStream(name, sources, retentionMs), replicas));
    }
  };
  const wantedEvents = { name: names.events, retentionMs: retention.events };
  const wantedCommands = { name: names.commands, retentionMs: retention.commands };
  await all([
    patiently(broker, `stream "${names.events}"`, () =>
      ensureSourcing(wantedEvents, (journaled) => eventSources(subjects, names, journaled)),
    ),
    patiently(broker, `stream "${names.commands}"`, () =>
      ensureSourcing(wantedCommands, (journaled) => commandSources(subjects, names, journaled)),
    ),
  ]);
}

/**
 * How long EVENTS and COMMANDS keep messages now, whoever asked for it: other contracts may need longer than one's own. 0 for a
 * stream that is not there, or without end.
 *
 * @throws MeshError BROKER_UNAVAILABLE
 */
export async function currentRetention(broker: Broker, namespace: string): Promise<Retention> {
  const names = streamNames(namespace);
  const keptMs = async (name: string) => {
    const info = await patiently(broker, `stream "${name}"`, () => streamInfo(broker, name));
    return millis(info?.config.max_age ?? 0);
  };
  const [events, commands] = await all([keptMs(names.events), keptMs(names.commands)]);
  return { events, commands };
}

/** The domains that have a journal, whoever made it, in order. */
export async function journaledDomains(broker: Broker, namespace: string): Promise<readonly string[]> {
  const prefix = streamNames(namespace).journalPrefix;
  const domains: string[] = [];
  for await (const name of broker.manager.streams.names(new Subjects(namespace).all("jrn"))) {
    if (name.startsWith(prefix)) domains.push(packageOfToken(name.slice(prefix.length)));
  }
  return domains.sort();
}

/**
 * The consumer through which a stream is sourced. Made beforehand it outlives a lost leader: sourcing goes on within a
 * second, where the consumer that the broker would make by itself is missed for ten to twenty.
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-60.md
 */
async function ensureSource(
  broker: Broker,
  { origin, transform, consumer, deliverSubject }: DurableSource,
): Promise<void> {
  await broker.manager.consumers.add(origin, {
    durable_name: consumer,
    deliver_subject: deliverSubject,
    deliver_policy: "all",
    ack_policy: "flow_control",
    filter_subject: transform.src,
    flow_control: true,
    idle_heartbeat: nanos(1_000),
    max_ack_pending: 1_000,
  });
}
