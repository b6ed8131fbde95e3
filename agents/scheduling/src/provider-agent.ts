// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { CalendarService } from "@parley/contracts/parley/scheduling/v1/calendar_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { ProviderDeskService } from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { ResourceService } from "@parley/contracts/parley/scheduling/v1/resource_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { calendarsFrom } from "./outside/calendar-settings.ts";
import type { OutsideCalendars } from "./outside/outside-calendar.ts";
import { calendarSharing } from "./provider/calendar-sharing.ts";
import { desk } from "./provider/desk.ts";
import { completions } from "./provider/endings.ts";
import { hears } from "./provider/news.ts";
import { overview } from "./provider/overview.ts";
import { providerMethods } from "./provider/provider-methods.ts";
import { resourceService } from "./provider/resource-service.ts";
import { timeOff } from "./provider/time-off.ts";

/**
 * The provider agent: keeps the calendars of all providers in journals, so it may run in any number of instances.
 * `outside` finds their calendars elsewhere; by default those that PARLEY_CALENDARS sets up.
 */
export function providerAgent(outside: OutsideCalendars = calendarsFrom(process.env)): Agent {
  return defineAgent({
    name: "scheduling.provider",
    description: "Keeps providers' calendars: who they are, when they are free, what is booked.",
    permissions: ["MANAGE_PROVIDERS", "MANAGE_SCHEDULE", "KEEP_TIME", "UPDATE_UNAVAILABILITY"],
    serves: [
      serve(ProviderAgentService, providerMethods),
      serve(ProviderDeskService, { ...timeOff, ...desk }),
      serve(ResourceService, resourceService),
      serve(CalendarService, calendarSharing(outside)),
    ],
    hears: [...hears, ...completions],
    projections: [overview],
  });
}
