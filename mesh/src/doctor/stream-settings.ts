// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isDeepStrictEqual } from "node:util";
import type { StreamConfig } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { streamInfo } from "../broker/ensure-stream.ts";
import { journalStream, plainStreams, sourcingStream, type WantedStream } from "../broker/stream-configs.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";

const weekMs = 7 * 24 * 60 * 60_000;
const repair = "Start any host of the mesh: it puts this right.";

/** Whether every stream is there and set as the mesh needs it. */
export const streamSettings: Check = async (patient) => {
  const findings: Finding[] = [];
  const replicas = new Map<string, number>();
  for (const wanted of wantedStreams(patient)) {
    const info = await streamInfo(patient.broker, wanted.name);
    if (info === undefined) {
      findings.push(missing(wanted.name));
      continue;
    }
    replicas.set(wanted.name, info.config.num_replicas);
    findings.push(...unmet(wanted, info.config), ...harmful(patient, info.config));
  }
  return [...findings, ...uneven(replicas)];
};

function wantedStreams({ subjects, names, domains, sources }: Patient): readonly WantedStream[] {
  return [
    ...domains.map((domain) => journalStream(subjects, names, domain)),
    ...[...sources].map(([name, taken]) => sourcingStream(name, taken, weekMs)),
    ...plainStreams(subjects, names),
  ];
}

/** What a host would put right at its start. Sources are looked at by a check of their own. */
function unmet({ name, needed, retentionMs }: WantedStream, config: StreamConfig): Finding[] {
  const findings: Finding[] = [];
  for (const [setting, value] of Object.entries({ ...needed, retention: "limits" })) {
    const actual = config[setting as keyof StreamConfig];
    if (setting === "sources" || isDeepStrictEqual(actual, value)) continue;
    const next =
      setting === "retention" ? "Choose another namespace, or remove the stream; it cannot be changed." : repair;
    findings.push(setTo(name, { setting, actual, needed: value, next }));
  }
  const shortest = retentionMs === undefined ? 0 : nanos(retentionMs);
  const isTooShort = config.max_age > 0 && (shortest === 0 || config.max_age < shortest);
  if (isTooShort) {
    const wanted = shortest === 0 ? 0 : `${shortest} (ns)`;
    findings.push(setTo(name, { setting: "max_age", actual: config.max_age, needed: wanted, next: repair }));
  }
  return findings;
}

interface Setting {
  readonly setting: string;
  readonly actual: unknown;
  readonly needed: unknown;
  readonly next: string;
}

function setTo(where: string, { setting, actual, needed, next }: Setting): Finding {
  const what = `"${setting}" is ${JSON.stringify(actual)}, but the mesh needs ${JSON.stringify(needed)}.`;
  return { severity: "error", code: "stream-setting", where, what, next };
}

/** Settings that no host makes, and that lose messages. */
function harmful({ names }: Patient, config: StreamConfig & { readonly persist_mode?: string }): Finding[] {
  const { name } = config;
  const isJournal = name.startsWith(names.journalPrefix);
  const keepsAll = isJournal || name === names.events || name === names.commands;
  const problems: readonly (readonly [bad: boolean, what: string])[] = [
    [config.persist_mode === "async", '"persist_mode" is "async": what it acknowledges may not be on the disk.'],
    [config.storage !== "file", `"storage" is "${config.storage}": a restart of the broker empties it.`],
    [isJournal && config.allow_rollup_hdrs, "It allows rollup: one message with that header would empty it."],
    [keepsAll && config.max_msgs_per_subject > 0, '"max_msgs_per_subject" is set: it drops events of busy keys.'],
    [config.sealed, "It is sealed: nothing can be stored in it."],
  ];
  const next = `Correct it with \`nats stream edit ${name}\`; where that is refused, back it up and make it anew.`;
  return problems.flatMap(([bad, what]) =>
    bad ? [{ severity: "error" as const, code: "stream-setting" as const, where: name, what, next }] : [],
  );
}

function missing(where: string): Finding {
  const what = "The stream does not exist.";
  const next =
    "Start a host of the mesh, which makes it; if it was deleted, restore it together with all the others first.";
  return { severity: "error", code: "stream-missing", where, what, next };
}

/** The weakest stream decides what a lost server costs. */
function uneven(replicas: ReadonlyMap<string, number>): readonly Finding[] {
  const most = Math.max(...replicas.values());
  return [...replicas].flatMap(([where, count]) =>
    count === most
      ? []
      : [
          {
            severity: "warning" as const,
            code: "stream-replicas" as const,
            where,
            what: `It is held by ${count} server(s), others of the mesh by ${most}.`,
            next: `Set it to ${most}: \`nats stream edit --replicas ${most} ${where}\`.`,
          },
        ],
  );
}
