// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { availability } from "./provider/availability.ts";
import { bookings } from "./provider/bookings.ts";
import { descriptions } from "./provider/describe.ts";
import { hears, news } from "./provider/news.ts";
import { overview } from "./provider/overview.ts";

/** The provider agent: keeps the calendars of all providers in journals, so it may run in any number of instances. */
export function providerAgent(): Agent {
  return defineAgent({
    name: "scheduling.provider",
    description: "Keeps providers' calendars: who they are, when they are free, what is booked.",
    permissions: ["MANAGE_PROVIDERS"],
    serves: [serve(ProviderAgentService, { ...descriptions, ...availability, ...bookings, ...news })],
    hears,
    projections: [overview],
  });
}
