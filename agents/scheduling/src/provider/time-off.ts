// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import {
  AppointmentChangedSchema,
  ChangeReason,
  OpeningReason,
  ProviderAvailableSchema,
  ProviderUnavailableSchema,
  UpdateAcknowledgedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type {
  AddTimeOffRequest,
  ProviderDeskService,
} from "@parley/contracts/parley/scheduling/v1/provider_desk_pb.js";
import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { decideDisplacement } from "../domain/booking/lifecycle.ts";
import { decideTimeOff } from "../domain/booking/taking-time-off.ts";
import { acknowledgementOf, type ConflictAction, type TimeOff } from "../domain/booking/time-off.ts";
import { dayMs, minuteMs } from "../domain/time/time-window.ts";
import { invalid, notFound } from "../failure.ts";
import { appointmentMessage, offerMessage } from "../messages/appointment-message.ts";
import { timeFields, windowOf } from "../messages/instants.ts";
import { acknowledgementMessage, conflictOf, timeOffMessage } from "../messages/time-off-message.ts";
import { calendars } from "./calendars.ts";
import { overview } from "./overview.ts";
import { free, keysOf } from "./resources.ts";
import { shown } from "./shown.ts";

type Methods = Pick<
  Implementation<typeof ProviderDeskService>,
  "addTimeOff" | "removeTimeOff" | "getTimeOff" | "listTimeOff"
> &
  Pick<Implementation<typeof ProviderAgentService>, "acknowledgeUpdate">;

const longestMs = 366 * dayMs;
/** What one commit can displace, with the rooms that are given back. */
const mostConflicts = 200;
/** "From now on" takes a moment to come in. */
const lateMs = 5 * minuteMs;

/** Time in which a provider takes no appointments: steps 1, 2 and 5 of a change by a provider. */
export const timeOff: Methods = {
  async addTimeOff(request, ctx) {
    const wanted = wantedTimeOff(request, ctx.clock.now());
    const { providerId } = wanted;
    const added = await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }, outbox) => {
      const { provider } = calendar.state;
      if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
      const decision = decideTimeOff(calendar.state, wanted, wanted.createdAt);
      if (decision.kind === "overlaps") throw overlapping(decision.other);
      if (decision.kind === "repeat") return { timeOff: timeOffMessage(decision.timeOff), inTheWay: [] };
      assertToCome(wanted);
      if (decision.conflicts.length > mostConflicts) throw tooMuch(decision.conflicts.length);
      const said = { timeOff: timeOffMessage(wanted), conflicts: decision.conflicts.map(appointmentMessage) };
      calendar.append(ProviderUnavailableSchema, { timeOff: said.timeOff });
      outbox.dispatch(SchedulingAgentService.method.updateUnavailability, said);
      // Ids alone: the reply of a commit is stored with it.
      return { timeOff: said.timeOff, inTheWay: decision.conflicts.map(({ appointmentId }) => appointmentId) };
    });
    await shown(ctx);
    const { appointments } = ctx.view(overview);
    const conflicts = added.inTheWay.flatMap((id) => appointments.get(id) ?? []);
    return { timeOff: added.timeOff, conflicts: conflicts.map(appointmentMessage) };
  },

  async removeTimeOff({ providerId, timeOffId }, ctx) {
    const removed = await ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
      const known = knownTimeOff(calendar.state.timeOff.get(timeOffId), timeOffId);
      calendar.append(ProviderAvailableSchema, {
        ...{ providerId, timeOffId, reason: OpeningReason.TIME_OFF_REMOVED },
        windows: [timeFields(known)],
      });
      return { timeOff: timeOffMessage(known) };
    });
    await shown(ctx);
    return removed;
  },

  async getTimeOff({ providerId, timeOffId }, ctx) {
    const calendar = await ctx.load(calendars.at(providerId));
    return { timeOff: timeOffMessage(knownTimeOff(calendar.timeOff.get(timeOffId), timeOffId)) };
  },

  async listTimeOff({ providerId }, ctx) {
    const { provider, timeOff } = await ctx.load(calendars.at(providerId));
    if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
    const toCome = [...timeOff.values()].filter(({ end }) => end > ctx.clock.now());
    return { timeOff: toCome.sort((one, other) => one.start - other.start).map(timeOffMessage) };
  },

  async acknowledgeUpdate({ providerId, timeOffId, conflicts }, ctx) {
    const found = conflicts.map(conflictOf);
    const taken = found.flatMap(({ appointment }) => appointment.resourceIds ?? []);
    const now = ctx.clock.now();
    const keys = { calendar: calendars.at(providerId), ...keysOf(taken) };
    // The reply of a commit is stored with it, so it is kept small.
    const outcome = await ctx.commit(keys, ({ calendar, ...rooms }): Acknowledging => {
      const known = calendar.state.timeOff.get(timeOffId);
      if (known?.acknowledgement !== undefined) return { kind: "repeat" };
      const actions = found.map((conflict): ConflictAction => {
        const decision = decideDisplacement(calendar.state, conflict.appointment.appointmentId, now);
        // Given up meanwhile: the time off, or the appointment.
        if (known === undefined || decision.kind !== "happens") return "NONE";
        calendar.append(AppointmentChangedSchema, {
          appointment: appointmentMessage(decision.event.appointment),
          original: appointmentMessage(conflict.appointment),
          reason: ChangeReason.PROVIDER_UNAVAILABLE,
          options: conflict.options.map(offerMessage),
        });
        free(rooms, conflict.appointment);
        return conflict.options.length > 0 ? "OPTIONS_SENT" : "NO_OPTIONS";
      });
      if (known !== undefined) {
        const acknowledgement = acknowledgementOf(found, actions);
        calendar.append(UpdateAcknowledgedSchema, { timeOff: timeOffMessage({ ...known, acknowledgement }) });
      }
      return { kind: "done", actions };
    });
    const acknowledgement =
      outcome.kind === "done"
        ? acknowledgementOf(found, outcome.actions)
        : (await ctx.load(calendars.at(providerId))).timeOff.get(timeOffId)?.acknowledgement;
    await shown(ctx);
    return acknowledgement === undefined ? {} : { acknowledgement: acknowledgementMessage(acknowledgement) };
  },
};

type Acknowledging =
  | { readonly kind: "repeat" }
  | { readonly kind: "done"; readonly actions: readonly ConflictAction[] };

function wantedTimeOff(request: AddTimeOffRequest, now: number): TimeOff {
  const { providerId, reason } = request;
  const { start, end } = windowOf(request);
  const made = createHash("sha256")
    .update(JSON.stringify([providerId, start, end]))
    .digest("base64url")
    .slice(0, 12);
  const timeOffId = request.timeOffId || `off-${made}`;
  if (end - start > longestMs) throw invalid("end_time", "is more than 366 days after start_time; take it in parts");
  return { timeOffId, providerId, start, end, reason, createdAt: now };
}

/** What was said before is past some day; said for the first time it must not be. */
function assertToCome({ start, createdAt }: TimeOff): void {
  if (start >= createdAt - lateMs) return;
  throw invalid("start_time", `${new Date(start).toISOString()} has passed; time off begins now or later`);
}

function overlapping({ timeOffId, start, end }: TimeOff) {
  const time = `${new Date(start).toISOString()} to ${new Date(end).toISOString()}`;
  return invalid(
    "start_time",
    `"${timeOffId}" is time off from ${time} already; remove that first, or take time beside it`,
  );
}

function tooMuch(conflicts: number) {
  return invalid(
    "end_time",
    `${conflicts} appointments are in the way, more than ${mostConflicts}; take the time off in parts`,
  );
}

function knownTimeOff(timeOff: TimeOff | undefined, id: string): TimeOff {
  if (timeOff === undefined) throw notFound(`there is no time off "${id}"; ListTimeOff lists what is to come`);
  return timeOff;
}
