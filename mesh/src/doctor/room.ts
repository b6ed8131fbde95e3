// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { StreamInfo } from "@nats-io/jetstream";
import type { Finding } from "./finding.ts";
import type { Check } from "./patient.ts";

/** Parts of a limit from which it is told of. */
const warnFrom = 0.8;
const errorFrom = 0.95;

/** Whether a stream, or all together, will soon be at a limit. Full ones refuse what is new; nothing stored is lost. */
export const room: Check = async ({ broker, names, subjects }) => {
  const findings: Finding[] = [];
  const prefix = names.bucket("");
  for await (const info of broker.manager.streams.list()) {
    const { name } = info.config;
    if (!name.startsWith(prefix) && !name.startsWith(`KV_${prefix}`)) continue;
    findings.push(...full(name, { ...limitsOf(info) }, "Raise the limit with `nats stream edit`, or make room."));
  }
  const { storage, limits } = await broker.manager.getAccountInfo();
  const account = { bytes: [storage, limits.max_storage] as const };
  return [...findings, ...full(`account of ${subjects.namespace}`, account, "Give the account more storage.")];
};

type Limits = Readonly<Record<string, readonly [used: number, limit: number]>>;

function limitsOf({ state, config }: StreamInfo): Limits {
  return { bytes: [state.bytes, config.max_bytes], messages: [state.messages, config.max_msgs] };
}

function full(where: string, limits: Limits, next: string): readonly Finding[] {
  return Object.entries(limits).flatMap(([unit, [used, limit]]) => {
    if (limit <= 0 || used < limit * warnFrom) return [];
    const severity = used >= limit * errorFrom ? ("error" as const) : ("warning" as const);
    const what = `${used} of at most ${limit} ${unit} are taken (${Math.floor((100 * used) / limit)} %).`;
    return [{ severity, code: "stream-full" as const, where, what, next }];
  });
}
