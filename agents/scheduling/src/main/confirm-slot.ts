// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createHash } from "node:crypto";
import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentFailedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type {
  ConfirmSlotRequest,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import type { FailureReason } from "../domain/booking/appointment.ts";
import { failureSentences, type Offer } from "../domain/booking/offer.ts";
import { endOf, type Slot, slotOf } from "../domain/booking/slot.ts";
import { wishOf } from "../domain/time/time-preference.ts";
import { knownProviders } from "../known-providers.ts";
import { failureMessage, reasonOf } from "../messages/appointment-message.ts";
import { windowOf } from "../messages/instants.ts";
import { search } from "./search.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "confirmSlot">;

const alternativesOffered = 3;

/** From a chosen slot to an appointment, or to alternatives: steps 7 to 10 of a booking. */
export const confirmSlot: Methods["confirmSlot"] = async (request, ctx) => {
  const slot = chosenSlot(request);
  if (slot === undefined) return failed("SLOT_UNKNOWN", []);
  const { userId, slotId, conversationId } = request;
  const { result } = await ctx.client(ProviderAgentService).requestBooking(
    {
      userId,
      slotId,
      idempotencyKey: bookingKey(userId, ctx.idempotencyKey),
      conversationId: conversationId || (ctx.header.conversationId ?? ""),
    },
    { target: `pa_${slot.providerId}`, ...(conversationId === "" ? {} : { conversationId }) },
  );
  if (result.case === "appointment") return { result };
  const reason = reasonOf(result.value?.reason ?? ReasonMessage.UNSPECIFIED);
  const { providerId, startTime, endTime } = request;
  const [alternatives] = await Promise.all([
    alternativesTo(slot, ctx),
    ctx.publish(AppointmentFailedSchema, {
      ...{ userId, providerId, slotId, reason: ReasonMessage[reason] },
      ...(startTime === undefined ? {} : { startTime }),
      ...(endTime === undefined ? {} : { endTime }),
    }),
  ]);
  return failed(reason, alternatives);
};

/** The slot, when its id and the other fields of the request say the same. */
function chosenSlot(request: ConfirmSlotRequest): Slot | undefined {
  const slot = slotOf(request.slotId);
  const { start, end } = windowOf(request);
  const same =
    slot !== undefined && slot.providerId === request.providerId && slot.start === start && endOf(slot) === end;
  return same ? slot : undefined;
}

/** One key for one booking of one user: keys that two users happen to share must not meet at the provider. */
function bookingKey(userId: string, idempotencyKey: string): string {
  return createHash("sha256")
    .update(JSON.stringify([userId, idempotencyKey]))
    .digest("base64url");
}

/** Free times near a slot that could not be had. None when they cannot be found out: the failure itself must be told. */
async function alternativesTo(slot: Slot, ctx: Context): Promise<readonly Offer[]> {
  const { serviceType, durationMinutes, start, providerId } = slot;
  const now = ctx.clock.now();
  const wanted = { kind: "at", start: Math.max(start, now) } as const;
  try {
    const providers = await knownProviders(ctx, { serviceType });
    if (providers.length === 0) return [];
    const wish = wishOf({ wanted, timeZone: "UTC" }, now);
    const most = alternativesOffered;
    const found = await search(ctx, providers, {
      serviceType,
      durationMinutes,
      wish,
      preferred: [providerId],
      liked: [],
      most,
    });
    return found.offers;
  } catch (error) {
    ctx.logger.warn({ error }, "no alternatives: the search for them failed");
    return [];
  }
}

function failed(reason: FailureReason, alternatives: readonly Offer[]) {
  const failure = failureMessage({ reason, userMessage: failureSentences[reason], alternatives });
  return { result: { case: "failure" as const, value: failure } };
}
