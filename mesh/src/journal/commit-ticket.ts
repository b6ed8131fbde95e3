// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Committed } from "./committed.ts";

/** What a commit wrote: enough to wait until a projection has seen it. Plain data, so it may travel to another process. */
export interface CommitTicket {
  /** Proto package whose journal stream holds it. */
  readonly domain: string;
  /** Sequence of the last event of each type, by full type name. */
  readonly events: Readonly<Record<string, number>>;
}

/** The ticket of a stored commit. */
export function ticketOf(domain: string, { composition, appended }: Committed): CommitTicket {
  const events: Record<string, number> = {};
  for (const [index, { message, announced }] of composition.messages.entries()) {
    // Commands are sent, not stored for anybody to look at.
    if (announced?.kind === "dispatched") continue;
    const type = message.headers.get("ce-type");
    const sequence = appended[index]?.sequence ?? 0;
    if (type !== undefined && sequence > 0) events[type] = sequence;
  }
  return { domain, events };
}
