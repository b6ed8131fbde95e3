// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DailyHours } from "../time/time-zone.ts";

/** A service as one provider offers it. */
export interface ServiceOffering {
  readonly serviceType: string;
  /** What people call it, besides the service type. */
  readonly names: readonly string[];
  readonly durationMinutes: number;
}

/** One stretch of a working day, local time of the provider; day 1 is Monday. */
export interface WorkingHours {
  readonly day: number;
  readonly hours: DailyHours;
}

/** Somebody whose time can be booked. */
export interface Provider {
  readonly providerId: string;
  readonly name: string;
  /** Other names people use. */
  readonly aliases: readonly string[];
  /** IANA name. */
  readonly timeZone: string;
  readonly services: readonly ServiceOffering[];
  readonly workingHours: readonly WorkingHours[];
}

/** The service as this provider offers it; undefined when they do not. */
export function offeringOf(provider: Provider, serviceType: string): ServiceOffering | undefined {
  return provider.services.find((service) => service.serviceType === serviceType);
}
