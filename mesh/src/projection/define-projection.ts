// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { MessageHeader } from "../header.ts";
import type { Journal } from "../journal/define-journal.ts";
import { MeshError } from "../mesh-error.ts";

/** Where and when an event stands that a projection folds. */
export interface EventPlace {
  /** Business key: of the journal, or as the event's contract names it. */
  readonly key: string;
  /** Number in the stream; grows. */
  readonly sequence: number;
  readonly header: MessageHeader;
}

interface ProjectionParts<S, E extends DescMessage> {
  /** Names the projection within its agent, for errors and operators. */
  readonly name: string;
  readonly initial: () => S;
  /**
   * The state after one more event. May change `state` in place and give it back: nobody else writes it, and readers must not.
   * When it throws, the projection stands still and says so to whoever looks at it.
   */
  readonly evolve: (state: S, event: MessageShape<E>, place: EventPlace) => S;
}

/** A projection of the state events of journals, private ones included. Journals that compact cannot be projected. */
export interface JournalProjectionInit<S, E extends DescMessage> extends ProjectionParts<S, E> {
  readonly journals: readonly Pick<Journal<unknown, E>, "name" | "domain" | "events" | "compact" | "eventType">[];
}

/** A projection of announced and published events, as far back as EVENTS keeps them. */
export interface EventProjectionInit<S, E extends DescMessage> extends ProjectionParts<S, E> {
  readonly events: readonly E[];
}

/** A read model: one state folded from the events of many keys, kept in memory by each instance of the agent. */
export interface Projection<S> {
  readonly name: string;
  readonly source: ProjectionSource;
  readonly initial: () => S;
  readonly evolve: (state: S, event: MessageShape<DescMessage>, place: EventPlace) => S;
}

/** A projection whose state is nobody's matter. */
export type NamedProjection = Pick<Projection<unknown>, "name" | "source">;

/** What a projection is folded from. */
export type ProjectionSource =
  | {
      readonly kind: "journals";
      readonly domain: string;
      readonly journals: readonly string[];
      readonly types: EventTypes;
    }
  | { readonly kind: "events"; readonly types: EventTypes };

/** Event types by full name. */
export type EventTypes = ReadonlyMap<string, DescMessage>;

/**
 * Defines a projection. It is rebuilt from its events at every start of an instance, so it has no version and no storage; it
 * must fit into memory.
 *
 * @throws MeshError CONTRACT_INCOMPLETE when its journals are of several domains, or one of them compacts
 */
export function defineProjection<S, const E extends DescMessage>(init: EventProjectionInit<S, E>): Projection<S>;
export function defineProjection<S, E extends DescMessage>(init: JournalProjectionInit<S, E>): Projection<S>;
export function defineProjection<S>(
  init: JournalProjectionInit<S, DescMessage> | EventProjectionInit<S, DescMessage>,
): Projection<S> {
  const { name, initial, evolve } = init;
  return Object.freeze({ name, initial, evolve, source: "events" in init ? ofEvents(init.events) : ofJournals(init) });
}

function ofEvents(events: readonly DescMessage[]): ProjectionSource {
  return { kind: "events", types: new Map(events.map((type) => [type.typeName, type])) };
}

function ofJournals<S>({ name, journals }: JournalProjectionInit<S, DescMessage>): ProjectionSource {
  const domains = [...new Set(journals.map(({ domain }) => domain))];
  const [domain] = domains;
  if (domain === undefined || domains.length > 1) {
    refuse(`projection "${name}" needs journals of one domain, not of ${JSON.stringify(domains)}`);
  }
  const compacting = journals.find(({ compact }) => compact);
  if (compacting !== undefined) {
    refuse(`projection "${name}" cannot read journal "${compacting.name}": it compacts, so its older events are gone`);
  }
  const types = new Map(journals.flatMap(({ events }) => [...events]));
  return { kind: "journals", domain, journals: journals.map((journal) => journal.name), types };
}

function refuse(message: string): never {
  throw new MeshError({ code: "CONTRACT_INCOMPLETE", message });
}
