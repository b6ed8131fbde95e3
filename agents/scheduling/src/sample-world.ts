// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { ProviderSchema } from "@parley/contracts/parley/scheduling/v1/provider_pb.js";
import { DayOfWeek } from "@parley/contracts/parley/scheduling/v1/time_pb.js";
import type { Host } from "@parley/mesh";

type ProviderInit = MessageInitShape<typeof ProviderSchema>;

const { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY } = DayOfWeek;
const weekdays = [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY];
const weekend = [SATURDAY, SUNDAY];

const doctor = {
  serviceType: "doctor",
  names: ["GP", "general practitioner", "family doctor", "physician"],
  durationMinutes: 30,
};
const dentist = {
  serviceType: "dentist",
  names: ["dental", "dental check-up", "tooth", "teeth", "toothache"],
  durationMinutes: 45,
};
const physiotherapist = {
  serviceType: "physiotherapist",
  names: ["physio", "physiotherapy", "physical therapist", "physical therapy", "back pain"],
  durationMinutes: 60,
};

/**
 * Who can be booked in a fresh mesh. Both doctors work every afternoon of the week, so that "tomorrow afternoon" finds
 * both on any day, in winter and in summer time.
 */
export const sampleProviders: readonly ProviderInit[] = [
  {
    providerId: "prov_dr_smith",
    name: "Dr. Anna Smith",
    timeZone: "Europe/London",
    services: [doctor],
    workingHours: [...on(weekdays, "09:00-12:30", "13:30-18:00"), ...on(weekend, "13:00-17:00")],
  },
  {
    providerId: "prov_dr_weber",
    name: "Dr. Jonas Weber",
    timeZone: "Europe/Berlin",
    services: [doctor],
    workingHours: [...on(weekdays, "08:00-12:00", "14:00-19:00"), ...on(weekend, "14:00-18:00")],
  },
  {
    providerId: "prov_dr_rossi",
    name: "Dr. Giulia Rossi",
    timeZone: "Europe/Rome",
    services: [dentist],
    workingHours: on(weekdays, "09:00-13:00", "15:00-19:00"),
  },
  {
    providerId: "prov_dr_murphy",
    name: "Dr. Liam Murphy",
    aliases: ["Murphy's practice"],
    timeZone: "America/New_York",
    services: [dentist],
    workingHours: on([MONDAY, TUESDAY, THURSDAY, SATURDAY], "08:00-16:00"),
  },
  {
    providerId: "prov_neumann",
    name: "Clara Neumann",
    timeZone: "Europe/Zurich",
    services: [physiotherapist],
    workingHours: on([TUESDAY, WEDNESDAY, THURSDAY, FRIDAY], "07:00-11:00", "16:00-20:00"),
  },
];

/** In whose name the sample world is laid out; the provider agent may describe its own providers. */
const source = "scheduling.provider";

/** Makes the sample providers known. Doing it again changes nothing. */
export async function seed(mesh: Pick<Host, "client">): Promise<void> {
  const client = mesh.client(ProviderAgentService, { source });
  for (const provider of sampleProviders) await client.upsertProvider({ provider });
}

function on(days: readonly DayOfWeek[], ...stretches: readonly string[]) {
  return days.flatMap((day) =>
    stretches.map((stretch) => {
      const [from = "", until = ""] = stretch.split("-");
      return { day, hours: { from, until } };
    }),
  );
}
