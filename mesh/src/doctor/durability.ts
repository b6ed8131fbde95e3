// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Finding } from "./finding.ts";
import type { Check } from "./patient.ts";

/** How long the monitoring may take to answer. */
const timeoutMs = 3_000;

/**
 * Whether an acknowledged message is on the disk. An ordinary account cannot see it: only the monitoring port and the system
 * account show how a server syncs.
 */
export const durability: Check = async ({ broker, monitor }) => {
  const where = broker.connection.info?.server_name ?? broker.url;
  if (monitor === undefined)
    return [unseen(where, "An ordinary account does not see when the broker writes to its disk.")];
  const url = `${monitor.replace(/\/+$/, "")}/varz`;
  let varz: unknown;
  try {
    varz = await (await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })).json();
  } catch (error) {
    return [unseen(where, `"${url}" does not answer as the monitoring of nats-server does: ${String(error)}.`)];
  }
  const name = fieldOf(varz, "server_name") ?? where;
  if (fieldOf(varz, "jetstream", "config", "sync_always") === true) return [];
  return [
    {
      severity: "error",
      code: "durability-weak",
      where: String(name),
      what: "It acknowledges messages that are not on the disk yet: when the machine loses power, up to two minutes are lost.",
      next: 'Set "sync_interval: always" in the jetstream block of its configuration and restart it.',
    },
  ];
};

function unseen(where: string, what: string): Finding {
  const next =
    'Give the address of its monitoring port (--monitor http://127.0.0.1:8222), or look for "sync_interval: always".';
  return { severity: "notice", code: "durability-unseen", where, what, next };
}

function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === "object" && at !== null ? (at as Readonly<Record<string, unknown>>)[name] : undefined),
    value,
  );
}
