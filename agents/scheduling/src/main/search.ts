// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { type Context, MeshError } from "@parley/mesh";
import { type Offer, offerMs } from "../domain/booking/offer.ts";
import type { Provider } from "../domain/booking/provider.ts";
import { type Candidate, rank } from "../domain/booking/ranking.ts";
import { unreachableReply } from "../domain/conversation/replies.ts";
import type { Habits } from "../domain/suggestion/habits.ts";
import type { Wish } from "../domain/time/time-preference.ts";
import { bounds, dayMs, type TimeWindow } from "../domain/time/time-window.ts";
import { fanOut } from "../fan-out.ts";
import { timeFields, windowOf } from "../messages/instants.ts";

/** What to look for, and among whom. */
export interface Search {
  readonly serviceType: string;
  /** Minutes; 0: what the service takes at each provider. */
  readonly durationMinutes: number;
  readonly wish: Wish;
  readonly preferred: readonly string[];
  readonly liked: readonly string[];
  /** What the user's past bookings say; unset: nothing. */
  readonly habits?: Habits | undefined;
  readonly most: number;
  /** For whom; unset: for nobody in particular. */
  readonly userId?: string | undefined;
  /** Who comes besides. */
  readonly participantIds?: readonly string[] | undefined;
  /** Rooms and equipment wanted by name. */
  readonly resourceIds?: readonly string[] | undefined;
  /** An appointment that is to be moved. */
  readonly movedId?: string | undefined;
}

/** What was found. */
export interface Found {
  /** Best first. */
  readonly offers: readonly Offer[];
  /** Whether they are at the wished time. */
  readonly withinPreference: boolean;
  /** Providers that could not be asked. */
  readonly unreachable: readonly string[];
}

type FreeSlot = Candidate & Omit<Offer, "matchScore" | "reasoning">;

/** How far around a wish to look when nothing is free at it. */
const before = 3 * dayMs;
const after = 14 * dayMs;

/**
 * Asks all providers at once for free times at the wish, and around it when there are none, and ranks what they say.
 *
 * @throws MeshError UNAVAILABLE when no provider at all could be asked
 */
export async function search(ctx: Context, providers: readonly Provider[], wanted: Search): Promise<Found> {
  const { wish, preferred, liked, habits, most } = wanted;
  const now = ctx.clock.now();
  const first = await ask(ctx, providers, { ...wanted, windows: wish.windows });
  const matching = first.slots.filter((slot) => wish.ideal === undefined || slot.start === wish.ideal);
  const answering = providers.filter(({ providerId }) => !first.unreachable.includes(providerId));
  const around = first.slots.length > 0 ? [] : [surroundings(wish, now)];
  const slots = around.length === 0 ? first.slots : (await ask(ctx, answering, { ...wanted, windows: around })).slots;
  const ranked = rank(slots, { wish, preferred, liked, habits }, most);
  const expiresAt = now + offerMs;
  const offers = ranked.map((offer) => ({ ...offer, expiresAt: Math.min(expiresAt, offer.start) }));
  return { offers, withinPreference: !wish.stated || matching.length > 0, unreachable: first.unreachable };
}

async function ask(
  ctx: Context,
  providers: readonly Provider[],
  search: Search & { readonly windows: readonly TimeWindow[] },
): Promise<{ readonly slots: readonly FreeSlot[]; readonly unreachable: readonly string[] }> {
  const { serviceType, durationMinutes, windows, userId = "", movedId = "" } = search;
  const { participantIds = [], resourceIds = [] } = search;
  if (windows.length === 0) return { slots: [], unreachable: [] };
  const client = ctx.client(ProviderAgentService);
  const asked = windows.map(timeFields);
  const outcomes = await fanOut(providers, async ({ providerId, name }) => {
    const request = {
      ...{ providerId, serviceType, durationMinutes, windows: asked, userId },
      ...{ participantIds: [...participantIds], resourceIds: [...resourceIds], movedAppointmentId: movedId },
    };
    const { slots, version } = await client.queryAvailability(request, { target: `pa_${providerId}` });
    return slots.map((slot) => ({
      slotId: slot.slotId,
      ...windowOf(slot),
      providerId,
      providerName: name,
      serviceType,
      version,
    }));
  });
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  for (const { item, error } of failed)
    ctx.logger.warn({ providerId: item.providerId, error }, "provider left out: no answer");
  if (failed.length > 0 && failed.length === outcomes.length) {
    const message = `none of the ${failed.length} providers of "${serviceType}" answered; see the first cause`;
    throw new MeshError({
      code: "UNAVAILABLE",
      mayHaveRun: true,
      message,
      userMessage: unreachableReply,
      cause: failed[0]?.error,
    });
  }
  const slots = outcomes.flatMap((outcome) => (outcome.kind === "done" ? outcome.value : []));
  return { slots, unreachable: failed.map(({ item }) => item.providerId) };
}

function surroundings({ windows, ideal }: Wish, now: number): TimeWindow {
  const { start, end } = bounds(windows) ?? { start: ideal ?? now, end: ideal ?? now };
  const from = Math.max(now, start - before);
  return { start: from, end: Math.max(from, end) + after };
}
