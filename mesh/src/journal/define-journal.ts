// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { nameToken } from "../broker/key-token.ts";
import { MeshError } from "../mesh-error.ts";

/** What an author says of a journal. */
export interface JournalInit<S, E extends readonly DescMessage[]> {
  /** Names the journal within its domain; never changes, since stored events are found by it. */
  readonly name: string;
  /** Raise it when `initial` or `evolve` change their meaning: snapshots of other versions are not used. */
  readonly version: number;
  /** Every event that its keys may hold, all of one proto package. */
  readonly events: E;
  /** State of a key that has no events yet. Must be made of plain data: it is stored in snapshots. */
  readonly initial: () => S;
  /** The state after one more event. Pure and quick; must not change `state` in place. */
  readonly evolve: (state: S, event: MessageShape<E[number]>) => S;
  /**
   * Events between two snapshots of a key. Default 100. 0: never; loading then reads all events of the key.
   */
  readonly snapshotEvery?: number | undefined;
  /**
   * Whether events below a snapshot may be removed. Default false: the whole history stays readable for projections. A
   * journal that compacts needs `upgrade` when its version is raised, since older states cannot be folded anew.
   */
  readonly compact?: boolean | undefined;
  /** Makes a state of this version from one that another version wrote. Default: such snapshots are not used. */
  readonly upgrade?: ((state: unknown, writtenBy: number) => S) | undefined;
}

/** A kind of state: typed events per key, folded. */
export interface Journal<S, E extends DescMessage> {
  readonly name: string;
  readonly version: number;
  /** Proto package of its events: the boundary of one commit. */
  readonly domain: string;
  readonly events: ReadonlyMap<string, DescMessage>;
  /** For type inference alone, never set: the events as a type, whatever the state is. */
  readonly eventType?: E;
  readonly snapshotEvery: number;
  readonly compact: boolean;
  readonly upgrade: ((state: unknown, writtenBy: number) => S) | undefined;
  readonly initial: () => S;
  readonly evolve: (state: S, event: MessageShape<E>) => S;
  /** The state of one key. */
  at(key: string): JournalKey<S, E>;
}

/** One key of a journal, to load or to commit. */
export interface JournalKey<S, E extends DescMessage> {
  readonly journal: Journal<S, E>;
  readonly key: string;
}

/**
 * Defines a journal. `evolve` should switch over `event.$typeName` without a default, so that an event that is added later
 * and forgotten is a type error.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when it has no events, or events of more than one proto package; INVALID_KEY when the
 *   name cannot be part of a subject
 */
export function defineJournal<S, const E extends readonly DescMessage[]>(
  init: JournalInit<S, E>,
): Journal<S, E[number]> {
  const domains = [...new Set(init.events.map(({ file }) => file.proto.package))];
  const [domain] = domains;
  if (domain === undefined || domains.length > 1) {
    const message = `journal "${init.name}" needs events of one proto package, not of ${JSON.stringify(domains)}`;
    throw new MeshError({ code: "CONTRACT_INCOMPLETE", message });
  }
  nameToken(init.name);
  assertWhole(init, "version", init.version);
  assertWhole(init, "snapshotEvery", init.snapshotEvery ?? 0);
  const journal: Journal<S, E[number]> = Object.freeze({
    name: init.name,
    version: init.version,
    domain,
    events: new Map(init.events.map((event) => [event.typeName, event])),
    snapshotEvery: init.snapshotEvery ?? 100,
    compact: init.compact ?? false,
    upgrade: init.upgrade,
    initial: init.initial,
    evolve: init.evolve,
    at: (key: string) => Object.freeze({ journal, key }),
  });
  return journal;
}

/** What is no whole number would be compared with snapshots for ever, and never fit. */
function assertWhole(journal: { readonly name: string }, setting: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  const message = `journal "${journal.name}" has ${setting} ${value}; it must be a whole number from 0`;
  throw new MeshError({ code: "CONTRACT_INCOMPLETE", message });
}
