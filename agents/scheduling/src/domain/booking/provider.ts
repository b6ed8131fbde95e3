// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DailyHours } from "../time/time-zone.ts";

/** A service as one provider offers it. */
export interface ServiceOffering {
  readonly serviceType: string;
  /** What people call it, besides the service type. */
  readonly names: readonly string[];
  readonly durationMinutes: number;
  /** Minutes kept free before and after each appointment; unset: none. */
  readonly buffers?: Buffers | undefined;
  /** Rooms and equipment that each appointment takes; unset: none. */
  readonly needs?: readonly ResourceNeed[] | undefined;
  /** Persons who may come together; unset: one. */
  readonly maxParticipants?: number | undefined;
}

/** Minutes kept free around an appointment. Those of two neighbours may share time. */
export interface Buffers {
  readonly beforeMinutes: number;
  readonly afterMinutes: number;
}

/** How many resources of a kind. */
export interface ResourceNeed {
  readonly kind: string;
  readonly count: number;
}

/** How a provider takes bookings. */
export interface BookingPolicy {
  /** Whether each booking waits for the provider's word. */
  readonly asksProvider: boolean;
  readonly answerWithinMinutes: number;
  /** Minutes around working hours that counter-offers may reach into. */
  readonly flexibleMinutes: number;
  /** Minutes that must lie between a booking and its start. */
  readonly noticeMinutes: number;
}

/** Hours on days that an RFC 5545 rule gives, counted from a day, in the provider's local time. */
export interface RecurringHours {
  readonly rule: string;
  /** ISO date. */
  readonly firstDate: string;
  readonly hours: DailyHours;
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
  /** Besides the weekly ones; unset: none. */
  readonly recurringHours?: readonly RecurringHours[] | undefined;
  /** Unset: every free time is booked at once. */
  readonly bookingPolicy?: BookingPolicy | undefined;
}

/** The service as this provider offers it; undefined when they do not. */
export function offeringOf(provider: Provider, serviceType: string): ServiceOffering | undefined {
  return provider.services.find((service) => service.serviceType === serviceType);
}
