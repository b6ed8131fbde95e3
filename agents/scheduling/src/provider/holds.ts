// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FailureReason as ReasonMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { SlotHeldSchema, SlotReleasedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Entries, Implementation, Outbox } from "@parley/mesh";
import type { FailureReason } from "../domain/booking/appointment.ts";
import { decideCounterOffer } from "../domain/booking/counter-offer.ts";
import type { Hold } from "../domain/booking/hold.ts";
import { decideHold, lapsedHold } from "../domain/booking/holding.ts";
import { offeringOf } from "../domain/booking/provider.ts";
import { endOf, slotId as idOf, slotOf } from "../domain/booking/slot.ts";
import { notFound } from "../failure.ts";
import { expiredMessage, heldMessage } from "../messages/hold-message.ts";
import { milliseconds, timeFields } from "../messages/instants.ts";
import { calendars } from "./calendars.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "holdSlot" | "expireHold" | "considerCounterOffer">;

/** Times that are kept for somebody for a short while. Each hold is stored with the command that ends it. */
export const holds: Methods = {
  async holdSlot({ userId, slotId }, ctx) {
    const slot = slotOf(slotId);
    if (slot === undefined) return refused("SLOT_UNKNOWN", 0);
    const now = ctx.clock.now();
    return ctx.commit({ calendar: calendars.at(slot.providerId) }, ({ calendar }, outbox) => {
      const decision = decideHold(calendar.state, { userId, slot }, now);
      if (decision.kind === "refused") return refused(decision.reason, calendar.version);
      if (decision.isNew) hold(calendar, outbox, decision.hold);
      return { untilTime: timestampFromMs(decision.hold.until) };
    });
  },

  async expireHold({ providerId, holdId }, ctx) {
    const now = ctx.clock.now();
    return ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }) => {
      const lapsed = lapsedHold(calendar.state, holdId, now);
      if (lapsed !== undefined) calendar.append(SlotReleasedSchema, expiredMessage(lapsed));
      return { expired: lapsed !== undefined };
    });
  },

  async considerCounterOffer({ providerId, userId, serviceType, startTime, durationMinutes: asked }, ctx) {
    const now = ctx.clock.now();
    return ctx.commit({ calendar: calendars.at(providerId) }, ({ calendar }, outbox) => {
      const { provider, version } = calendar.state;
      if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
      const durationMinutes = asked || (offeringOf(provider, serviceType)?.durationMinutes ?? 0);
      const slot = { providerId, serviceType, start: milliseconds(startTime), durationMinutes, version };
      const decision = decideCounterOffer(calendar.state, { userId, slot }, now);
      if (decision.kind === "declined") return { version };
      const offered = { slotId: idOf(slot), time: timeFields({ start: slot.start, end: endOf(slot) }), version };
      if (decision.kind === "free") return offered;
      hold(calendar, outbox, decision.hold);
      return { ...offered, untilTime: timestampFromMs(decision.hold.until) };
    });
  },
};

type CalendarEntry = Entries<{ calendar: ReturnType<typeof calendars.at> }>["calendar"];

function hold(calendar: CalendarEntry, outbox: Outbox, held: Hold): void {
  const { providerId, holdId, until } = held;
  calendar.append(SlotHeldSchema, heldMessage(held));
  outbox.dispatch(ProviderAgentService.method.expireHold, { providerId, holdId }, { at: new Date(until) });
}

function refused(reason: FailureReason, version: number) {
  return { refusal: { reason: ReasonMessage[reason], version } };
}
