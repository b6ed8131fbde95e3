// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type BookingPolicy as BookingPolicyMessage,
  type Provider as ProviderMessage,
  ProviderSchema,
  type RecurringHours as RecurringHoursMessage,
  type ServiceOffering as ServiceOfferingMessage,
  type ServiceOfferingSchema,
} from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import type { BookingPolicy, Provider, RecurringHours, ServiceOffering } from "../domain/booking/provider.ts";
import type { DailyHours } from "../domain/time/time-zone.ts";

/** The provider as a message. */
export function providerMessage(provider: Provider): ProviderMessage {
  const { providerId, name, aliases, timeZone, services, workingHours, recurringHours = [], bookingPolicy } = provider;
  return create(ProviderSchema, {
    ...{ providerId, name, timeZone, aliases: [...aliases] },
    services: services.map(offeringMessage),
    workingHours: workingHours.map(({ day, hours }) => ({ day, hours: { ...hours } })),
    recurringHours: recurringHours.map(({ rule, firstDate, hours }) => ({ rule, firstDate, hours: { ...hours } })),
    ...(bookingPolicy === undefined ? {} : { bookingPolicy: { ...bookingPolicy } }),
  });
}

function offeringMessage(offering: ServiceOffering): MessageInitShape<typeof ServiceOfferingSchema> {
  const { serviceType, names, durationMinutes, buffers, needs = [], maxParticipants = 0 } = offering;
  return {
    ...{ serviceType, durationMinutes, maxParticipants },
    names: [...names],
    bufferBeforeMinutes: buffers?.beforeMinutes ?? 0,
    bufferAfterMinutes: buffers?.afterMinutes ?? 0,
    resourceNeeds: needs.map((need) => ({ ...need })),
  };
}

/** The provider that a message says. */
export function providerFrom(message: ProviderMessage): Provider {
  const { providerId, name, timeZone, aliases } = message;
  return {
    ...{ providerId, name, timeZone, aliases },
    services: message.services.map(offeringFrom),
    workingHours: message.workingHours.map(({ day, hours }) => ({
      day,
      hours: hoursFrom(hours),
    })),
    ...(message.recurringHours.length === 0 ? {} : { recurringHours: message.recurringHours.map(recurringFrom) }),
    ...(message.bookingPolicy === undefined ? {} : { bookingPolicy: policyFrom(message.bookingPolicy) }),
  };
}

function offeringFrom(message: ServiceOfferingMessage): ServiceOffering {
  const { serviceType, names, durationMinutes, resourceNeeds, maxParticipants } = message;
  const { bufferBeforeMinutes: beforeMinutes, bufferAfterMinutes: afterMinutes } = message;
  return {
    ...{ serviceType, names, durationMinutes },
    ...(beforeMinutes + afterMinutes === 0 ? {} : { buffers: { beforeMinutes, afterMinutes } }),
    ...(resourceNeeds.length === 0
      ? {}
      : { needs: resourceNeeds.map(({ kind, count }) => ({ kind, count: count || 1 })) }),
    ...(maxParticipants === 0 ? {} : { maxParticipants }),
  };
}

function recurringFrom({ rule, firstDate, hours }: RecurringHoursMessage): RecurringHours {
  return { rule, firstDate, hours: hoursFrom(hours) };
}

function policyFrom(message: BookingPolicyMessage): BookingPolicy {
  const { asksProvider, answerWithinMinutes, flexibleMinutes, noticeMinutes } = message;
  return { asksProvider, answerWithinMinutes, flexibleMinutes, noticeMinutes };
}

function hoursFrom(hours: DailyHours | undefined): DailyHours {
  return { from: hours?.from ?? "", until: hours?.until ?? "" };
}
