// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ConsumerInfo } from "@nats-io/jetstream";
import { isNotFound } from "../broker/broker-error.ts";
import type { Broker } from "../broker/connection.ts";
import { streamInfo } from "../broker/ensure-stream.ts";
import { type SourceState, sourceStates } from "../broker/sourcing.ts";
import { firstOf } from "../broker/stored-entry.ts";
import type { DurableSource } from "../broker/stream-configs.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";

/** Milliseconds that a message may wait to be sourced: longer than the loss of a leader takes. */
const patienceMs = 30_000;
const repair = "Start any host of the mesh: it makes it again, and what waits is sourced then.";

/** Whether EVENTS and COMMANDS take from every journal, through a consumer that is there, and are not late. */
export const sources: Check = async (patient) => {
  const findings: Finding[] = [];
  for (const [stream, wanted] of patient.sources) {
    const states = new Map((await sourceStates(patient.broker, stream)).map((state) => [state.origin, state]));
    for (const source of wanted)
      findings.push(...(await check(patient, stream, { source, state: states.get(source.origin) })));
    const origins = new Set(wanted.map(({ origin }) => origin));
    findings.push(...[...states.keys()].flatMap((origin) => (origins.has(origin) ? [] : [orphaned(stream, origin)])));
  }
  return findings;
};

async function check(
  { broker, now }: Patient,
  stream: string,
  { source, state }: { readonly source: DurableSource; readonly state: SourceState | undefined },
): Promise<readonly Finding[]> {
  const { origin, consumer, transform, deliverSubject } = source;
  const origins = await streamInfo(broker, origin);
  if (origins === undefined) return [];
  if (state === undefined) return [absent(stream, `It does not take from "${origin}".`)];
  const where = `${origin} > ${consumer}`;
  const info = await consumerInfo(broker, source);
  if (info === undefined) {
    return [
      absent(where, `The consumer through which "${stream}" takes from it is gone; the broker shows no lag for that.`),
    ];
  }
  const { filter_subject, deliver_subject, ack_policy } = info.config;
  const isRight =
    filter_subject === transform.src && deliver_subject === deliverSubject && String(ack_policy) === "flow_control";
  if (!isRight) return [absent(where, `The consumer is not the one through which "${stream}" takes what it needs.`)];
  return late({
    stream,
    origin,
    now: now(),
    waiting: await firstOf(broker, origin, { filter: transform.src, from: state.sequence + 1 }),
  });
}

function late({
  stream,
  origin,
  now,
  waiting,
}: {
  readonly stream: string;
  readonly origin: string;
  readonly now: number;
  readonly waiting: { readonly storedAt: number; readonly sequence: number } | undefined;
}): readonly Finding[] {
  // By two clocks, so a difference of seconds means nothing.
  const ageMs = waiting === undefined ? 0 : now - waiting.storedAt;
  if (waiting === undefined || ageMs < patienceMs) return [];
  return [
    {
      severity: "warning",
      code: "source-lagging",
      where: stream,
      what: `Message ${waiting.sequence} of "${origin}" waits for ${Math.round(ageMs / 1000)} s to be taken.`,
      next: "See whether the stream is full, and whether each has a leader; restarting the broker begins the sourcing anew.",
    },
  ];
}

function absent(where: string, what: string): Finding {
  return { severity: "error", code: "source-missing", where, what, next: repair };
}

function orphaned(where: string, origin: string): Finding {
  const what = `It takes from "${origin}", which does not exist.`;
  return {
    severity: "error",
    code: "stream-missing",
    where,
    what,
    next: "Restore that stream together with all others.",
  };
}

async function consumerInfo(broker: Broker, { origin, consumer }: DurableSource): Promise<ConsumerInfo | undefined> {
  try {
    return await broker.manager.consumers.info(origin, consumer);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
