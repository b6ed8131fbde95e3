// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AppointmentStatus,
  FailureReason as ReasonMessage,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { AppointmentFailedSchema, SlotsOfferedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { NegotiationSettledSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Context } from "@parley/mesh";
import type { FailureReason } from "../domain/booking/appointment.ts";
import { endOf, type Slot, slotId } from "../domain/booking/slot.ts";
import { offerMessage } from "../messages/appointment-message.ts";
import { timeFields } from "../messages/instants.ts";
import { type Alternatives, failed, type Instead } from "./alternatives.ts";
import { negotiationAt } from "./negotiations.ts";

/** A choice that could not be had. */
export interface Refused {
  readonly userId: string;
  readonly slot: Slot;
  /** Empty: none. */
  readonly conversationId: string;
  readonly reason: FailureReason;
  readonly party?: Pick<Instead, "participantIds" | "resourceIds" | "movedId"> | undefined;
}

/**
 * Tells of a choice that could not be had: whoever chose gets what is free instead, others hear AppointmentFailed. In a
 * conversation both are written down, and what is free instead is what may be chosen from then on.
 */
export async function refuse(ctx: Context, refused: Refused, alternativesTo: Alternatives) {
  const { userId, slot, conversationId, reason, party } = refused;
  const time = timestampFromMs(ctx.clock.now());
  const event = {
    ...{ userId, providerId: slot.providerId, slotId: slotId(slot), conversationId },
    ...timeFields({ start: slot.start, end: endOf(slot) }),
    reason: ReasonMessage[reason],
  };
  const looked = alternativesTo({ ...slot, ...party, userId }, ctx);
  if (conversationId === "") {
    const [alternatives] = await Promise.all([looked, ctx.publish(AppointmentFailedSchema, event)]);
    return failed(reason, alternatives);
  }
  const alternatives = await looked;
  await ctx.commit({ negotiation: negotiationAt(conversationId, userId) }, ({ negotiation }, outbox) => {
    negotiation.append(NegotiationSettledSchema, { stage: AppointmentStatus.FAILED, reason: event.reason, time });
    outbox.publish(AppointmentFailedSchema, event);
    const { requestId } = negotiation.state;
    if (alternatives.length > 0)
      negotiation.append(SlotsOfferedSchema, {
        ...{ requestId: requestId || conversationId, userId, conversationId, time },
        negotiationId: negotiation.key,
        offers: alternatives.map(offerMessage),
      });
    return null;
  });
  return failed(reason, alternatives);
}
