// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { answerAvailability } from "./provider/availability.ts";
import { keepBookings } from "./provider/bookings.ts";
import { Calendars } from "./provider/calendars.ts";
import { describeProviders } from "./provider/describe.ts";
import { tellProviders } from "./provider/news.ts";

/** The provider agent: keeps the calendars of all providers. Its state lives in memory, so there must be one instance. */
export function providerAgent(): Agent {
  const calendars = new Calendars();
  const news = tellProviders(calendars);
  return defineAgent({
    name: "scheduling.provider",
    description: "Keeps providers' calendars: who they are, when they are free, what is booked.",
    permissions: ["MANAGE_PROVIDERS"],
    serves: [
      serve(ProviderAgentService, {
        ...describeProviders(calendars),
        ...answerAvailability(calendars),
        ...keepBookings(calendars),
        ...news.methods,
      }),
    ],
    hears: news.hears,
  });
}
