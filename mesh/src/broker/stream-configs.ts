// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StreamConfig, StreamSource } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { SubjectTransform } from "./addresses.ts";
import { packageToken } from "./proto-token.ts";
import type { StreamNames } from "./stream-names.ts";
import type { Subjects } from "./subjects.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const gibibyte = 1024 ** 3;

/** A stream as the mesh needs it. */
export interface WantedStream {
  readonly name: string;
  /** What must hold; put right on a stream that exists. */
  readonly needed: Partial<StreamConfig>;
  /** What a new stream gets; on one that exists it is the operator's. */
  readonly initial: Partial<StreamConfig>;
  /** Milliseconds that messages are kept at least; a longer time that is set already stays. Default: without end. */
  readonly retentionMs?: number | undefined;
}

/** What one stream takes durably from another, and the name of the consumer that remembers how far it is. */
export interface DurableSource {
  /** Stream that is taken from. */
  readonly origin: string;
  readonly transform: SubjectTransform;
  readonly consumer: string;
  readonly deliverSubject: string;
}

// Where messages enter, an id is remembered this long. EVENTS and COMMANDS must not remember longer than the journals: they
// would drop what a journal has taken.
const deduplicated = { duplicate_window: nanos(2 * minuteMs) } as const;

/** The journal of a domain: what enters is kept until a compaction knows that nobody needs it any more. */
export function journalStream(subjects: Subjects, names: StreamNames, domain: string): WantedStream {
  return {
    name: names.journal(domain),
    needed: {
      subjects: [subjects.journal(domain)],
      // Where an operator sets a limit, the broker must refuse what is new: by itself it would drop the oldest events.
      discard: "new",
      allow_atomic: true,
      allow_direct: true,
      allow_msg_ttl: true,
      ...deduplicated,
    },
    initial: { description: `Journal of ${domain}` },
  };
}

/** EVENTS or COMMANDS: holds what it sources and nothing else, so it has no subjects of its own. */
export function sourcingStream(name: string, sources: readonly DurableSource[], retentionMs: number): WantedStream {
  return {
    name,
    needed: { discard: "new", allow_direct: true, ...deduplicated, sources: sources.map(asStreamSource) },
    // A full one makes the sourcing wait, nothing is dropped; the limit counts as taken on the server from the start.
    initial: { max_bytes: gibibyte },
    retentionMs,
  };
}

/** SCHEDULES, STATUS, DEAD and AUDIT. */
export function plainStreams(subjects: Subjects, names: StreamNames): readonly WantedStream[] {
  return [
    {
      name: names.schedules,
      needed: { subjects: [subjects.all("sched")], allow_msg_schedules: true, allow_msg_ttl: true, ...deduplicated },
      initial: {},
    },
    ...names.statuses.map((name, part) => ({
      name,
      needed: {
        subjects: [subjects.statusTold(part).src],
        // How far a command is now; each message says itself how long it is kept.
        max_msgs_per_subject: 1,
        allow_msg_ttl: true,
        allow_direct: true,
        // Who waits for a command hears of it without a consumer of its own.
        republish: subjects.statusTold(part),
        ...deduplicated,
      },
      initial: {},
    })),
    {
      name: names.dead,
      needed: { subjects: [subjects.all("dead")], allow_direct: true, ...deduplicated },
      initial: {},
      retentionMs: 30 * dayMs,
    },
    {
      name: names.audit,
      needed: { subjects: [subjects.all("audit")], deny_delete: true, deny_purge: true, ...deduplicated },
      initial: {},
    },
  ];
}

/** What EVENTS takes: the events of every journal, and those for one hearer whose time has come. */
export function eventSources(
  subjects: Subjects,
  names: StreamNames,
  domains: readonly string[],
): readonly DurableSource[] {
  const journal = (domain: string) => subjects.eventSource(domain);
  return sourcesOf(
    { stream: "EVENTS", scheduled: subjects.scheduleSource("evt"), journal },
    { subjects, names, domains },
  );
}

/** What COMMANDS takes: the commands of every journal, and those whose time has come. */
export function commandSources(
  subjects: Subjects,
  names: StreamNames,
  domains: readonly string[],
): readonly DurableSource[] {
  const journal = (domain: string) => subjects.commandSource(domain);
  return sourcesOf(
    { stream: "COMMANDS", scheduled: subjects.scheduleSource("cmd"), journal },
    { subjects, names, domains },
  );
}

interface Taking {
  readonly stream: "EVENTS" | "COMMANDS";
  readonly scheduled: SubjectTransform;
  readonly journal: (domain: string) => SubjectTransform;
}

function sourcesOf(
  { stream, scheduled, journal }: Taking,
  { subjects, names, domains }: { subjects: Subjects; names: StreamNames; domains: readonly string[] },
): readonly DurableSource[] {
  const source = (origin: string, token: string, transform: SubjectTransform) => ({
    origin,
    transform,
    consumer: stream,
    deliverSubject: subjects.sourceDelivery(stream, token),
  });
  return [
    source(names.schedules, "SCHEDULES", scheduled),
    ...domains.map((domain) => source(names.journal(domain), packageToken(domain), journal(domain))),
  ];
}

function asStreamSource({ origin, transform, consumer, deliverSubject }: DurableSource): StreamSource {
  return {
    name: origin,
    subject_transforms: [{ ...transform }],
    consumer: { name: consumer, deliver_subject: deliverSubject },
  };
}
