// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { patiently } from "../broker/patience.ts";
import { commandSources, eventSources } from "../broker/stream-configs.ts";
import { streamNames } from "../broker/stream-names.ts";
import { journaledDomains } from "../broker/streams.ts";
import { Subjects } from "../broker/subjects.ts";
import { type Clock, systemClock } from "../clock.ts";
import { MeshError } from "../mesh-error.ts";
import { brokerVersion } from "./broker-version.ts";
import { deadLetters } from "./dead-letters.ts";
import { durability } from "./durability.ts";
import { endpoints } from "./endpoints.ts";
import { type Finding, sorted } from "./finding.ts";
import { hearers } from "./hearers.ts";
import { keyVersions } from "./key-versions.ts";
import { maintenances } from "./maintenances.ts";
import type { Check, Patient } from "./patient.ts";
import { rollback } from "./rollback.ts";
import { room } from "./room.ts";
import { sourcedMessages } from "./sourced-messages.ts";
import { sources } from "./sources.ts";
import { streamSettings } from "./stream-settings.ts";

/** How thoroughly to look. */
export interface ExamineOptions {
  /** Reads every message of journals, EVENTS and COMMANDS; default false: the newest of each. */
  readonly deep?: boolean | undefined;
  /** Messages of each stream that are looked at without `deep`; default 2 000. */
  readonly sample?: number | undefined;
  /** Address of the broker's monitoring, e.g. `http://127.0.0.1:8222`; without it nobody but an operator sees how it syncs. */
  readonly monitor?: string | undefined;
  /** Default: the machine's; how long something waits is counted by it, from when the broker stored it. */
  readonly clock?: Clock | undefined;
}

const checks: Readonly<Record<string, Check>> = {
  "the broker's version": brokerVersion,
  "the broker's disk": durability,
  "stream settings": streamSettings,
  "room in streams": room,
  sourcing: sources,
  "rolled back journals": rollback,
  "versions of keys": keyVersions,
  "sourced messages": sourcedMessages,
  maintenances,
  hearers,
  "dead letters": deadLetters,
  endpoints,
};

/**
 * Looks over the mesh of a namespace: its broker, streams, hearers and instances. Changes nothing, may run beside the mesh,
 * and goes on where one examination fails, which is a finding too.
 *
 * @returns what was found, worst first; empty: all is well
 * @throws MeshError BROKER_UNAVAILABLE when the broker does not answer at all
 */
export async function examine(
  broker: Broker,
  namespace: string,
  options: ExamineOptions = {},
): Promise<readonly Finding[]> {
  const { deep = false, sample = 2_000, monitor, clock = systemClock } = options;
  const subjects = new Subjects(namespace);
  const names = streamNames(namespace);
  const domains = await patiently(broker, "listing streams", () => journaledDomains(broker, namespace));
  const patient: Patient = {
    broker,
    subjects,
    names,
    domains,
    sources: new Map([
      [names.events, eventSources(subjects, names, domains)],
      [names.commands, commandSources(subjects, names, domains)],
    ]),
    sample: deep ? Number.POSITIVE_INFINITY : sample,
    now: () => clock.now(),
    monitor,
  };
  const found = await Promise.all(Object.entries(checks).map(([name, check]) => tried(name, check, patient)));
  return sorted(found.flat());
}

async function tried(name: string, check: Check, patient: Patient): Promise<readonly Finding[]> {
  try {
    return await check(patient);
  } catch (thrown) {
    const { message } = MeshError.from(thrown);
    const next = "Repeat it; while it fails, nothing is known about this.";
    return [{ severity: "error", code: "not-examined", where: name, what: `It cannot be examined: ${message}.`, next }];
  }
}
