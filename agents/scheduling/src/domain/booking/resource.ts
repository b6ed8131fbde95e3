// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { dayMs, overlaps, type TimeWindow } from "../time/time-window.ts";
import type { ResourceNeed } from "./provider.ts";

/** A room, or a piece of equipment. */
export interface Resource {
  readonly resourceId: string;
  readonly name: string;
  /** What it is one of. */
  readonly kind: string;
  /** Persons it is for; 0: any number. */
  readonly capacity: number;
  /** Who may use it; none: everybody. */
  readonly providerIds: readonly string[];
}

/** What can happen to a resource. */
export type ResourceEvent =
  | { readonly kind: "described"; readonly resource: Resource }
  | { readonly kind: "reserved"; readonly appointmentId: string; readonly time: TimeWindow }
  | { readonly kind: "freed"; readonly appointmentId: string };

/** A resource and when it is taken: the fold of its events. */
export interface ResourceCalendar {
  /** Unset: nothing of that id is known. */
  readonly resource: Resource | undefined;
  /** By appointment id; those that have been over for long are gone. */
  readonly reservations: ReadonlyMap<string, TimeWindow>;
}

/** A resource to which nothing has happened. */
export const emptyResource: ResourceCalendar = { resource: undefined, reservations: new Map() };

const keptAfterEndMs = 30 * dayMs;

/** The resource after the event. */
export function evolveResource(calendar: ResourceCalendar, event: ResourceEvent): ResourceCalendar {
  switch (event.kind) {
    case "described":
      return { ...calendar, resource: event.resource };
    case "reserved": {
      const kept = [...calendar.reservations].filter(([, { end }]) => end >= event.time.start - keptAfterEndMs);
      return { ...calendar, reservations: new Map(kept).set(event.appointmentId, event.time) };
    }
    case "freed":
      return {
        ...calendar,
        reservations: new Map([...calendar.reservations].filter(([id]) => id !== event.appointmentId)),
      };
  }
}

/** What an appointment needs besides its provider. */
export interface Requirements {
  readonly needs: readonly ResourceNeed[];
  /** These very resources. */
  readonly resourceIds: readonly string[];
  readonly providerId: string;
  /** How many come. */
  readonly persons: number;
  /** An appointment whose own reservations are no hindrance: it is being moved. */
  readonly movedId?: string | undefined;
}

/** Those that could serve an appointment, at whatever time. */
export function isSuitable(resource: Resource, wanted: Requirements): boolean {
  const { providerIds, capacity } = resource;
  const theirs = providerIds.length === 0 || providerIds.includes(wanted.providerId);
  const asked =
    wanted.resourceIds.includes(resource.resourceId) || wanted.needs.some(({ kind }) => kind === resource.kind);
  return theirs && asked && (capacity === 0 || capacity >= wanted.persons);
}

/**
 * The resources that an appointment takes at that time: those asked for by name, then the first free ones of each kind.
 * Undefined when they cannot all be had.
 */
export function resourcesFor(
  candidates: readonly ResourceCalendar[],
  wanted: Requirements,
  time: TimeWindow,
): readonly string[] | undefined {
  const suitable = candidates.flatMap(({ resource, reservations }) =>
    resource !== undefined && isSuitable(resource, wanted) ? [{ resource, reservations }] : [],
  );
  const free = suitable
    .filter(({ reservations }) => isFree(reservations, time, wanted.movedId))
    .map(({ resource }) => resource);
  const chosen = new Set(wanted.resourceIds);
  if (wanted.resourceIds.some((id) => !free.some(({ resourceId }) => resourceId === id))) return undefined;
  for (const { kind, count } of wanted.needs) {
    const ofKind = free.filter((resource) => resource.kind === kind);
    const missing = count - ofKind.filter(({ resourceId }) => chosen.has(resourceId)).length;
    const more = ofKind.filter(({ resourceId }) => !chosen.has(resourceId)).slice(0, Math.max(0, missing));
    if (more.length < missing) return undefined;
    for (const { resourceId } of more) chosen.add(resourceId);
  }
  return [...chosen];
}

function isFree(reservations: ReadonlyMap<string, TimeWindow>, time: TimeWindow, except: string | undefined): boolean {
  return [...reservations].every(([id, taken]) => id === except || !overlaps(taken, time));
}
