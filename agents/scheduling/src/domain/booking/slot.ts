// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Temporal } from "temporal-polyfill";
import { minuteMs } from "../time/time-window.ts";

/** A time that was offered, with all that is needed to book it. */
export interface Slot {
  readonly providerId: string;
  readonly serviceType: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly start: number;
  readonly durationMinutes: number;
  /** Version of the calendar when it was offered. */
  readonly version: number;
}

/** Nothing shorter is offered or booked. */
export const leastMinutes = 5;

const form =
  /^slot\.(?<provider>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.(?<service>[a-z0-9][a-z0-9_-]{0,39})\.(?<start>\d{8}T\d{6}Z)\.(?<minutes>\d{1,3})\.(?<version>\d{1,10})$/;

/**
 * The slot as an id, e.g. `slot.prov_dr_smith.doctor.20261122T140000Z.30.7`: whoever gets it back needs no memory of the
 * offer. It proves nothing; the calendar checks all of it again.
 */
export function slotId(slot: Slot): string {
  const start = Temporal.Instant.fromEpochMilliseconds(slot.start)
    .toString({ smallestUnit: "second" })
    .replaceAll(/[-:]/g, "");
  return ["slot", slot.providerId, slot.serviceType, start, slot.durationMinutes, slot.version].join(".");
}

/** The slot that an id says; undefined when it is no id of ours. */
export function slotOf(id: string): Slot | undefined {
  const parts = form.exec(id)?.groups;
  if (parts === undefined) return undefined;
  const start = instantOrUndefined(parts["start"] ?? "");
  const durationMinutes = Number(parts["minutes"]);
  if (start === undefined || durationMinutes < leastMinutes) return undefined;
  const { provider = "", service = "" } = parts;
  return { providerId: provider, serviceType: service, start, durationMinutes, version: Number(parts["version"]) };
}

/** When the slot ends. */
export function endOf(slot: Slot): number {
  return slot.start + slot.durationMinutes * minuteMs;
}

function instantOrUndefined(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}
