// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { appointments } from "./main/appointments.ts";
import { confirmSlot } from "./main/confirm-slot.ts";
import { requestAppointment } from "./main/request-appointment.ts";

/** The master scheduling agent: finds times among all providers, ranks them, books the chosen one. It keeps no state, so it may run in any number of instances. */
export function schedulingAgent(): Agent {
  return defineAgent({
    name: "scheduling.main",
    description: "Finds free times among all providers, ranks them and books the chosen one.",
    permissions: ["READ_PROVIDERS", "BOOK_SLOT", "READ_APPOINTMENTS"],
    serves: [serve(SchedulingAgentService, { requestAppointment, confirmSlot, ...appointments })],
  });
}
