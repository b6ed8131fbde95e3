// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import {
  type Provider as ProviderMessage,
  ProviderSchema,
} from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import type { Provider } from "../domain/booking/provider.ts";

/** The provider as a message. */
export function providerMessage(provider: Provider): ProviderMessage {
  const { providerId, name, aliases, timeZone, services, workingHours } = provider;
  return create(ProviderSchema, {
    ...{ providerId, name, timeZone, aliases: [...aliases] },
    services: services.map((service) => ({ ...service, names: [...service.names] })),
    workingHours: workingHours.map(({ day, hours }) => ({ day, hours: { ...hours } })),
  });
}

/** The provider that a message says. */
export function providerFrom(message: ProviderMessage): Provider {
  const { providerId, name, timeZone, aliases } = message;
  return {
    ...{ providerId, name, timeZone, aliases },
    services: message.services.map(({ serviceType, names, durationMinutes }) => ({
      serviceType,
      names,
      durationMinutes,
    })),
    workingHours: message.workingHours.map(({ day, hours }) => ({
      day,
      hours: { from: hours?.from ?? "", until: hours?.until ?? "" },
    })),
  };
}
