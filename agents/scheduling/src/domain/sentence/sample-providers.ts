// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Provider } from "../booking/provider.ts";

/** Providers for tests of sentences: two doctors, a dentist whose name is also a month, a physiotherapist with an umlaut. */
export const sampleProviders: readonly Provider[] = [
  provider("prov_dr_smith", "Dr. Anna Smith", "doctor", ["GP", "physician", "general practitioner"]),
  provider("prov_dr_weber", "Dr. Jonas Weber", "doctor", ["GP"]),
  provider("prov_dr_may", "Dr. May", "dentist", ["teeth", "dental check-up"]),
  provider("prov_mueller", "Clara Müller", "physiotherapist", ["physio", "physical therapy"]),
];

function provider(providerId: string, name: string, serviceType: string, names: readonly string[]): Provider {
  const services = [{ serviceType, names, durationMinutes: 30 }];
  return { providerId, name, aliases: [], timeZone: "UTC", services, workingHours: [] };
}
