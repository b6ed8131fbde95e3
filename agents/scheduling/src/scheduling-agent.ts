// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { type Agent, defineAgent, serve } from "@parley/mesh";
import { sharedAlternatives } from "./main/alternatives.ts";
import { appointments } from "./main/appointments.ts";
import { confirmSlot } from "./main/confirm-slot.ts";
import { counterOffer } from "./main/counter-offer.ts";
import { hears } from "./main/hears.ts";
import { lookedAt } from "./main/negotiations.ts";
import { requestAppointment } from "./main/request-appointment.ts";
import { rescheduleAppointment } from "./main/reschedule.ts";
import { selectSlot } from "./main/select-slot.ts";
import { suggesting } from "./main/suggestions.ts";
import { tastes } from "./main/tastes.ts";
import { unavailability } from "./main/unavailability.ts";

/**
 * The master scheduling agent: finds times among all providers, ranks them, books the chosen one, and sees to what providers'
 * changes mean to users. What it knows is in journals, so it may run in any number of instances.
 */
export function schedulingAgent(): Agent {
  const alternatives = sharedAlternatives();
  return defineAgent({
    name: "scheduling.main",
    description: "Finds free times among all providers, ranks them and books the chosen one.",
    permissions: ["READ_PROVIDERS", "BOOK_SLOT", "READ_APPOINTMENTS", "ACKNOWLEDGE_UPDATE", "OFFER_UNASKED"],
    serves: [
      serve(SchedulingAgentService, {
        ...{ requestAppointment, counterOffer },
        selectSlot: selectSlot(alternatives),
        confirmSlot: confirmSlot(alternatives),
        rescheduleAppointment: rescheduleAppointment(alternatives),
        ...{ ...appointments, ...lookedAt, ...unavailability, ...suggesting },
      }),
    ],
    hears,
    projections: [tastes],
  });
}
