// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { packageToken } from "./proto-token.ts";
import { statusPartOf, statusParts } from "./status-parts.ts";

/** The streams of one namespace. No namespace holds a `_`, so no name belongs to two of them. */
export interface StreamNames {
  readonly events: string;
  readonly commands: string;
  readonly schedules: string;
  /** One per part, see {@link statusParts}. */
  readonly statuses: readonly string[];
  /** The one of them that holds the status of a command. */
  statusOf(id: string): string;
  readonly dead: string;
  readonly audit: string;
  /** The journal stream of a domain (proto package). */
  journal(domain: string): string;
  /** What the names of all journal streams begin with. */
  readonly journalPrefix: string;
  /** The key-value bucket of a purpose. */
  bucket(purpose: string): string;
}

export function streamNames(namespace: string): StreamNames {
  const journalPrefix = `${namespace}_JOURNAL_`;
  const statusName = (part: number) => `${namespace}_STATUS_${part}`;
  return {
    events: `${namespace}_EVENTS`,
    commands: `${namespace}_COMMANDS`,
    schedules: `${namespace}_SCHEDULES`,
    statuses: Array.from({ length: statusParts }, (_, part) => statusName(part)),
    statusOf: (id) => statusName(statusPartOf(id)),
    dead: `${namespace}_DEAD`,
    audit: `${namespace}_AUDIT`,
    journalPrefix,
    journal: (domain) => `${journalPrefix}${packageToken(domain)}`,
    bucket: (purpose) => `${namespace}_${purpose}`,
  };
}
