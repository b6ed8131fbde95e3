// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PolicyOverlay } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import {
  type Contracts,
  type EventContract,
  type MethodContract,
  overlaidContract,
  type RetryPlans,
} from "@parley/mesh/contracts";
import { duration } from "./duration.ts";
import { methodRetries } from "./method-retries.ts";
import { moment } from "./moment.ts";
import { overlayText } from "./overlays-text.ts";
import type { Style } from "./style.ts";
import { tableLines } from "./table.ts";

/**
 * Contracts as tables for people: the methods of each service, as they hold under these overlays, the events of each domain, the
 * retries they name, and what is overridden.
 */
export function contractsText(
  contracts: Contracts,
  style: Style,
  overlays: readonly PolicyOverlay[] = [],
): readonly string[] {
  const overlayOf = new Map(overlays.map((overlay) => [overlay.method, overlay]));
  const retries = new RetryNotes();
  const methods = contracts.services.flatMap(({ typeName, methods: descs }) => {
    const policies = descs.map((desc) => contracts.method(desc));
    const heading = `${style.bold(typeName)}  ${style.dim(`served by ${policies[0]?.agent ?? ""}`)}`;
    return [[], [heading], ...policies.map((policy) => methodRow(policy, overlayOf.get(policy.name), retries))];
  });
  const events = contracts.domains.flatMap((domain) => {
    const policies = contracts.events.filter((event) => event.domain === domain);
    if (policies.length === 0) return [];
    const heading = `${style.bold(domain)}  ${style.dim("events")}`;
    return [[], [heading], ...policies.map((policy) => eventRow(policy, retries))];
  });
  const methodHead = ["", "TIMEOUT", "RETRIES", "PERMISSION", "EXPOSURE", "REPEAT"];
  const eventHead = ["", "DELIVERY", "LANE", "KEY", "TIMEOUT", "RETRIES", "KEPT"];
  return [
    ...section(methodHead, methods, style),
    "",
    ...section(eventHead, events, style),
    "",
    ...retries.lines().map((line) => style.dim(line)),
    ...overlays.map((overlay) => style.yellow(overlayNote(overlay))),
  ];
}

/** Rows of one cell are headings: they stand across the columns, without widening the first. */
function section(head: readonly string[], rows: readonly (readonly string[])[], { dim }: Style): readonly string[] {
  if (rows.length === 0) return [];
  const cells = rows.filter((row) => row.length > 1);
  const [headLine = "", ...lines] = tableLines([head, ...cells]);
  const next = lines.values();
  return [dim(headLine), ...rows.map((row) => (row.length > 1 ? (next.next().value ?? "") : (row[0] ?? "")))];
}

function methodRow(
  contract: MethodContract,
  overlay: PolicyOverlay | undefined,
  retries: RetryNotes,
): readonly string[] {
  const policy = overlay === undefined ? contract : overlaidContract(contract, overlay);
  const { desc, kind, timeoutMs, totalTimeoutMs, permission, exposure } = policy;
  const total = totalTimeoutMs === timeoutMs ? "" : `, ${duration(totalTimeoutMs)} in all`;
  return [
    `  ${desc.name}${kind === "unary" ? "" : " (stream)"}${overlay === undefined ? "" : " *"}`,
    `${duration(timeoutMs)}${total}`,
    retries.text(methodRetries(policy)),
    permission === "*" ? "anybody" : permission,
    exposure.toLowerCase(),
    repeatText(policy),
  ];
}

/** Below the tables, beside the asterisk of its method. */
function overlayNote(overlay: PolicyOverlay): string {
  const { method, expiresAt, author, reason } = overlay;
  return `* ${method} is overridden until ${moment(expiresAt)}: ${overlayText(overlay)} (${author}: ${reason})`;
}

/** What a repeat of the same request does; what acts again is retried only where it has surely not run. */
function repeatText({ noSideEffects, idempotencyKey, idempotent }: MethodContract): string {
  if (noSideEffects) return "only reads";
  if (idempotencyKey !== undefined) return `once per ${idempotencyKey.path}`;
  return idempotent ? "harmless" : "acts again";
}

function eventRow(event: EventContract, retries: RetryNotes): readonly string[] {
  return [
    `  ${event.name}`,
    event.delivery.toLowerCase().replaceAll("_", " "),
    event.priority.toLowerCase(),
    `${event.key.path}${event.ordered ? " (in order)" : ""}`,
    duration(event.timeoutMs),
    retries.text(event.retries),
    duration(event.retentionMs),
  ];
}

/** Retry plans as cells: the delays where all classes of errors have the same, else a letter that is explained below. */
class RetryNotes {
  readonly #notes: string[] = [];

  text(retries: RetryPlans): string {
    const classes = new Map<string, string[]>();
    for (const [errorClass, { delaysMs }] of retries) {
      const delays = delaysMs.map((ms) => duration(ms)).join(", ");
      classes.set(delays, [...(classes.get(delays) ?? []), errorClass]);
    }
    const [only] = classes.keys();
    if (classes.size < 2) return only ?? "none";
    return this.#letter([...classes].map(([delays, names]) => `${names.join(" ")} ${delays}`).join("; "));
  }

  lines(): readonly string[] {
    return this.#notes.map((note, index) => `retries ${letter(index)}: after ${note}`);
  }

  #letter(note: string): string {
    if (!this.#notes.includes(note)) this.#notes.push(note);
    return letter(this.#notes.indexOf(note));
  }
}

function letter(index: number): string {
  return index < 26 ? String.fromCharCode(97 + index) : `${index}`;
}
