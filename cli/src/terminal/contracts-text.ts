// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Contracts, EventContract, MethodContract, RetryPlans } from "@parley/mesh/contracts";
import { duration } from "./duration.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/** Contracts as tables for people: the methods of each service, then the events of each domain. */
export function contractsText(contracts: Contracts, style: Style): readonly string[] {
  const methodHead = ["", "TIMEOUT", "RETRIES", "PERMISSION", "EXPOSURE", "REPEAT"];
  const methods = contracts.services.flatMap(({ typeName, methods: descs }) => {
    const policies = descs.map((desc) => contracts.method(desc));
    const owner = policies[0]?.agent ?? "";
    return [
      [],
      [`${style.bold(typeName)}  ${style.dim(`served by ${owner}`)}`],
      ...policies.map((policy) => methodRow(policy)),
    ];
  });
  const eventHead = ["", "DELIVERY", "LANE", "KEY", "TIMEOUT", "RETRIES", "KEPT"];
  const events = contracts.domains.flatMap((domain) => {
    const policies = contracts.events.filter((event) => event.domain === domain);
    if (policies.length === 0) return [];
    return [[], [`${style.bold(domain)}  ${style.dim("events")}`], ...policies.map((policy) => eventRow(policy))];
  });
  return [...section(methodHead, methods, style), "", ...section(eventHead, events, style)];
}

/** Rows of one cell are headings: they stand across the columns, without widening the first. */
function section(head: readonly string[], rows: readonly (readonly string[])[], { dim }: Style): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.filter((row) => row.length > 1);
  const [headLine = "", ...lines] = tableLines([head, ...cells]);
  const next = lines.values();
  return [dim(headLine), ...rows.map((row) => (row.length > 1 ? (next.next().value ?? "") : (row[0] ?? "")))];
}

function methodRow(policy: MethodContract): readonly string[] {
  const { desc, kind, timeoutMs, totalTimeoutMs, retries, permission, exposure } = policy;
  const total = totalTimeoutMs === timeoutMs ? "" : `, ${duration(totalTimeoutMs)} in all`;
  return [
    `  ${desc.name}${kind === "unary" ? "" : " (stream)"}`,
    `${duration(timeoutMs)}${total}`,
    policy.idempotent || policy.noSideEffects ? retriesText(retries) : "–",
    permission === "*" ? "anybody" : permission,
    exposure.toLowerCase(),
    repeatText(policy),
  ];
}

/** What a repeat of the same request does. */
function repeatText({ noSideEffects, idempotencyKey, idempotent }: MethodContract): string {
  if (noSideEffects) return "only reads";
  if (idempotencyKey !== undefined) return `once per ${idempotencyKey.path}`;
  return idempotent ? "harmless" : "acts again";
}

function eventRow({
  name,
  delivery,
  priority,
  key,
  timeoutMs,
  retries,
  retentionMs,
  ordered,
}: EventContract): readonly string[] {
  return [
    `  ${name}`,
    delivery.toLowerCase().replaceAll("_", " "),
    priority.toLowerCase(),
    `${key.path}${ordered ? " (in order)" : ""}`,
    duration(timeoutMs),
    retriesText(retries),
    duration(retentionMs),
  ];
}

/** The delays of each class; classes with the same delays together, those most classes have first. */
function retriesText(retries: RetryPlans): string {
  const classes = new Map<string, string[]>();
  for (const [errorClass, { delaysMs }] of retries) {
    const delays = delaysMs.map((ms) => duration(ms)).join(" ");
    classes.set(delays, [...(classes.get(delays) ?? []), errorClass.toLowerCase().replaceAll("_", " ")]);
  }
  if (classes.size === 0) return "–";
  return [...classes]
    .map(([delays, names]) => (classes.size === 1 ? delays : `${names.join("/")}: ${delays}`))
    .join("; ");
}
