// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { AppointmentChangedSchema, ChangeReason } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { AppointmentMovedAwaySchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Context, type Implementation, MeshError } from "@parley/mesh";
import { providerOf } from "../domain/booking/booking.ts";
import { decideMove } from "../domain/booking/moving.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { resourcesFor } from "../domain/booking/resource.ts";
import { endOf, type Slot, slotOf } from "../domain/booking/slot.ts";
import { appointmentMessage } from "../messages/appointment-message.ts";
import { calendars } from "./calendars.ts";
import { answer, type Outcome } from "./outcome.ts";
import { overview } from "./overview.ts";
import { busyParticipants, candidatesFor, isAnybodyBusy, requirementsOf } from "./requirements.ts";
import { free, hasAll, keysOf, reserve, statesOf } from "./resources.ts";
import { shown } from "./shown.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "moveBooking">;

const mostLooks = 5;

/** Appointments that move: one commit over the calendar that one leaves, the one that it goes to, and what it takes at both times. */
export const moves: Methods = {
  async moveBooking({ userId, appointmentId, slotId }, ctx) {
    const slot = slotOf(slotId);
    if (slot === undefined) return answer({ kind: "refused", reason: "SLOT_UNKNOWN", version: 0 });
    const providerId = providerOf(appointmentId);
    if (providerId === undefined) return answer({ kind: "refused", reason: "APPOINTMENT_UNKNOWN", version: 0 });
    for (let look = 1; look <= mostLooks; look++) {
      const outcome = await move(ctx, { userId, appointmentId, slot, providerId });
      if (outcome === "again") continue;
      await shown(ctx);
      return answer(outcome);
    }
    throw new MeshError({
      code: "CONFLICT",
      message: `appointment "${appointmentId}" changes all the time; try again`,
    });
  },
};

interface Move {
  readonly userId: string;
  readonly appointmentId: string;
  readonly slot: Slot;
  /** Whose calendar it leaves. */
  readonly providerId: string;
}

/** Moves it as it is now known; "again" when it takes other rooms by now. */
async function move(ctx: Context, { providerId, ...request }: Move): Promise<Outcome | "again"> {
  const { appointmentId, slot } = request;
  const time = { start: slot.start, end: endOf(slot) };
  const known = (await ctx.load(calendars.at(providerId))).appointments.get(appointmentId);
  const { participantIds = [], resourceIds: had = [] } = known ?? {};
  const offering = offeringAt(ctx, slot);
  const party = { providerId: slot.providerId, participantIds, resourceIds: [], movedId: appointmentId };
  const wanted = requirementsOf(ctx, offering, { ...party, resourceIds: kept(ctx, had, offering?.needs ?? []) });
  if (isAnybodyBusy(busyParticipants(ctx, participantIds, appointmentId), time))
    return { kind: "refused", reason: "PARTICIPANT_BUSY", version: 0 };
  const candidates = candidatesFor(ctx, wanted);
  const now = ctx.clock.now();
  const keys = {
    from: calendars.at(providerId),
    to: calendars.at(slot.providerId),
    ...keysOf([...had, ...candidates]),
  };
  return ctx.commit(keys, ({ from, to, ...rooms }): Outcome | "again" => {
    const { resourceIds: has = [] } = from.state.appointments.get(appointmentId) ?? {};
    if (!hasAll(rooms, has)) return "again";
    const decision = decideMove({ from: from.state, to: to.state }, request, now);
    if (decision.kind === "refused") return { ...decision, version: to.version };
    if (decision.kind === "repeat") return { kind: "done", appointment: decision.appointment };
    const takes = candidates.length === 0 ? [] : resourcesFor(statesOf(rooms, candidates), wanted, time);
    if (takes === undefined) return { kind: "refused", reason: "RESOURCE_TAKEN", version: to.version };
    const { resourceIds: _, ...same } = decision.appointment;
    const appointment = takes.length === 0 ? same : { ...same, resourceIds: takes };
    const original = appointmentMessage(decision.original);
    to.append(AppointmentChangedSchema, {
      ...{ appointment: appointmentMessage(appointment), original },
      reason: ChangeReason.RESCHEDULED,
    });
    if (decision.left !== undefined)
      from.append(AppointmentMovedAwaySchema, { appointment: appointmentMessage(decision.left) });
    // Taking anew under the same id replaces the old time; what is not taken any more is given back.
    const isSame = decision.left === undefined;
    free(rooms, { appointmentId, resourceIds: has.filter((id) => !isSame || !takes.includes(id)) });
    reserve(rooms, { appointmentId: appointment.appointmentId, resourceIds: takes }, time);
    return { kind: "done", appointment };
  });
}

function offeringAt(ctx: Context, { providerId, serviceType }: Slot) {
  const provider = ctx.view(overview).providers.get(providerId);
  return provider && offeringOf(provider, serviceType);
}

/** What was asked for by name: what it has that is of no kind which the service needs anyway. */
function kept(ctx: Context, had: readonly string[], needs: readonly { readonly kind: string }[]): readonly string[] {
  const { resources } = ctx.view(overview);
  return had.filter((id) => {
    const kind = resources.get(id)?.kind;
    return kind !== undefined && !needs.some((need) => need.kind === kind);
  });
}
