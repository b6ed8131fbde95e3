// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { leastRetention, type Retention } from "../broker/streams.ts";
import type { Contracts } from "../contracts/contracts.ts";

const dayMs = 24 * 60 * 60_000;

/**
 * How long EVENTS and COMMANDS keep messages under these contracts, never less than {@link leastRetention}: an event as long
 * as its contract says, a command a day beyond its time, for it has to be there then to become a dead letter.
 */
export function retentionOf(contracts: Pick<Contracts, "events" | "services" | "method">): Retention {
  const events = contracts.events.map(({ retentionMs }) => retentionMs);
  const commands = contracts.services
    .flatMap((service) => service.methods.map((method) => contracts.method(method).command))
    .map((command) => (command === undefined ? 0 : command.expiresAfterMs + dayMs));
  return {
    events: Math.max(leastRetention.events, ...events),
    commands: Math.max(leastRetention.commands, ...commands),
  };
}

/** The longer time of both, for each stream. */
export function longerRetention(one: Retention, other: Retention): Retention {
  return { events: Math.max(one.events, other.events), commands: Math.max(one.commands, other.commands) };
}

/**
 * Milliseconds for which a commit remembers what it has handled: longer than any stream keeps the message, so that one that
 * comes again late, or is replayed, is recognised.
 */
export function handledForMs({ events, commands }: Retention): number {
  return Math.max(events, commands) + dayMs;
}

/**
 * Milliseconds that the status of a command is kept after its last change, or after it is due: longer than COMMANDS keeps the
 * message, so that what was done is never taken for not begun.
 */
export function statusForMs({ commands }: Retention): number {
  return commands + dayMs;
}
