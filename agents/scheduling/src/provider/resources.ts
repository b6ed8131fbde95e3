// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  ResourceDescribedSchema,
  ResourceFreedSchema,
  ResourceReservedSchema,
} from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { defineJournal, type Entry } from "@parley/mesh";
import { emptyResource, evolveResource, type ResourceCalendar } from "../domain/booking/resource.ts";
import type { TimeWindow } from "../domain/time/time-window.ts";
import { timeFields } from "../messages/instants.ts";
import { resourceEventOf } from "../messages/resource-message.ts";

/** The calendars of rooms and equipment, by resource id. A booking takes them in its own commit. */
export const resources = defineJournal({
  name: "resources",
  version: 1,
  events: [ResourceDescribedSchema, ResourceReservedSchema, ResourceFreedSchema],
  initial: () => emptyResource,
  evolve: (calendar, event) => evolveResource(calendar, resourceEventOf(event)),
});

/** All that a resource's calendar is made of. */
export type ResourceEventType =
  | typeof ResourceDescribedSchema
  | typeof ResourceReservedSchema
  | typeof ResourceFreedSchema;

/** Name of a resource among the keys of a commit. */
type Name = `resource ${string}`;

/** Resources as keys of a commit, beside others. */
export type ResourceKeys = Readonly<Record<Name, ReturnType<typeof resources.at>>>;

/** Resources within a commit. */
export type ResourceEntries = Readonly<Record<Name, Entry<ResourceCalendar, ResourceEventType>>>;

/** The keys of resources. */
export function keysOf(resourceIds: Iterable<string>): ResourceKeys {
  return Object.fromEntries([...new Set(resourceIds)].map((id) => [nameOf(id), resources.at(id)]));
}

/** The resources of a commit as they stand. */
export function statesOf(entries: ResourceEntries, resourceIds: Iterable<string>): readonly ResourceCalendar[] {
  return [...new Set(resourceIds)].flatMap((id) => entries[nameOf(id)]?.state ?? []);
}

/** Whether all of these are keys of the commit. */
export function hasAll(entries: ResourceEntries, resourceIds: Iterable<string>): boolean {
  return [...resourceIds].every((id) => entries[nameOf(id)] !== undefined);
}

/** An appointment, and what it takes. */
export interface Taking {
  readonly appointmentId: string;
  readonly resourceIds?: readonly string[] | undefined;
}

/** Takes resources for an appointment, in the place of what it had of them before. */
export function reserve(entries: ResourceEntries, { appointmentId, resourceIds = [] }: Taking, time: TimeWindow): void {
  for (const id of resourceIds)
    entries[nameOf(id)]?.append(ResourceReservedSchema, { appointmentId, time: timeFields(time) });
}

/** Gives back what an appointment has taken. */
export function free(entries: ResourceEntries, { appointmentId, resourceIds = [] }: Taking): void {
  for (const id of resourceIds) entries[nameOf(id)]?.append(ResourceFreedSchema, { appointmentId });
}

function nameOf(resourceId: string): Name {
  return `resource ${resourceId}`;
}
