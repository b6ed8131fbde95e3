// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Context } from "@parley/mesh";
import { takesTime } from "../domain/booking/appointment.ts";
import type { ServiceOffering } from "../domain/booking/provider.ts";
import { isSuitable, type Requirements } from "../domain/booking/resource.ts";
import { overlaps, type TimeWindow } from "../domain/time/time-window.ts";
import { notFound } from "../failure.ts";
import { appointmentsWith, overview } from "./overview.ts";

/** Resources of one kind that are looked at for one appointment, at the most. */
const mostCandidates = 20;

/** Who comes, and what they ask for by name. */
export interface Party {
  readonly providerId: string;
  readonly participantIds: readonly string[];
  readonly resourceIds: readonly string[];
  readonly movedId?: string | undefined;
}

/**
 * What an appointment needs besides its provider.
 *
 * @throws MeshError NOT_FOUND when a resource is asked for that does not exist
 */
export function requirementsOf(
  ctx: Pick<Context, "view">,
  offering: ServiceOffering | undefined,
  party: Party,
): Requirements {
  const { providerId, participantIds, resourceIds, movedId } = party;
  const { resources } = ctx.view(overview);
  const unknown = resourceIds.find((id) => !resources.has(id));
  if (unknown !== undefined) throw notFound(`there is no resource "${unknown}"; ListResources lists all`);
  return { needs: offering?.needs ?? [], resourceIds, providerId, persons: 1 + participantIds.length, movedId };
}

/** Ids of the resources that could serve; none when nothing is needed. */
export function candidatesFor(ctx: Pick<Context, "view">, wanted: Requirements): readonly string[] {
  if (wanted.needs.length === 0 && wanted.resourceIds.length === 0) return [];
  const suitable = [...ctx.view(overview).resources.values()].filter((resource) => isSuitable(resource, wanted));
  const kinds = new Set(suitable.map(({ kind }) => kind));
  const first = [...kinds].flatMap((kind) => suitable.filter((one) => one.kind === kind).slice(0, mostCandidates));
  return [...new Set([...wanted.resourceIds, ...first.map(({ resourceId }) => resourceId)])];
}

/** When one of these has an appointment. May lack for a moment what was booked at another instance. */
export function busyParticipants(
  ctx: Pick<Context, "view" | "clock">,
  participantIds: readonly string[],
  movedId?: string,
): readonly TimeWindow[] {
  const now = ctx.clock.now();
  const view = ctx.view(overview);
  return participantIds
    .flatMap((userId) => appointmentsWith(view, userId))
    .filter((appointment) => takesTime(appointment, now) && appointment.appointmentId !== movedId);
}

/** Whether one of them has an appointment then. */
export function isAnybodyBusy(busy: readonly TimeWindow[], time: TimeWindow): boolean {
  return busy.some((taken) => overlaps(taken, time));
}
