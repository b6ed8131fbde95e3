// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Context } from "@parley/mesh";
import type { FailureReason } from "../domain/booking/appointment.ts";
import { failureSentences, type Offer } from "../domain/booking/offer.ts";
import { wishOf } from "../domain/time/time-preference.ts";
import { knownProviders } from "../known-providers.ts";
import { failureMessage } from "../messages/appointment-message.ts";
import { type Search, search } from "./search.ts";

/** What alternatives are looked for to. */
export interface Instead extends Pick<Search, "userId" | "participantIds" | "resourceIds" | "movedId"> {
  readonly serviceType: string;
  readonly durationMinutes: number;
  readonly start: number;
  readonly providerId: string;
}

const offered = 3;

/** Free times near one that cannot be had, with the same provider first. None when they cannot be found out. */
export async function alternativesTo(instead: Instead, ctx: Context): Promise<readonly Offer[]> {
  const { start, providerId, ...wanted } = instead;
  const now = ctx.clock.now();
  try {
    const providers = await knownProviders(ctx, { serviceType: wanted.serviceType });
    if (providers.length === 0) return [];
    const wish = wishOf({ wanted: { kind: "at", start: Math.max(start, now) }, timeZone: "UTC" }, now);
    const found = await search(ctx, providers, { ...wanted, wish, preferred: [providerId], liked: [], most: offered });
    return found.offers;
  } catch (error) {
    ctx.logger.warn({ error }, "no alternatives: the search for them failed");
    return [];
  }
}

/** A failure that a person is told. */
export function failed(reason: FailureReason, alternatives: readonly Offer[]) {
  const failure = failureMessage({ reason, userMessage: failureSentences[reason], alternatives });
  return { result: { case: "failure" as const, value: failure } };
}
