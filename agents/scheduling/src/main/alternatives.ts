// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
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

/** Finds what is free instead of a time that cannot be had. */
export type Alternatives = (instead: Instead, ctx: Context) => Promise<readonly Offer[]>;

const offered = 3;
/** Real milliseconds between tries while nobody who keeps calendars can be asked: a process that was lost is soon there again. */
const againAfterMs = [200, 500, 1_000, 2_000, 2_000, 2_000, 2_000];

/**
 * Searches for alternatives that many may need at once, since they wanted the same: who asks while the same search goes on gets
 * what it finds. Tried again for a while where nobody can be asked.
 */
export function sharedAlternatives(): Alternatives {
  const going = new Map<string, ReturnType<typeof searched>>();
  return async (instead, ctx) => {
    const { userId: _, ...same } = instead;
    const key = JSON.stringify(same);
    for (const delayMs of [0, ...againAfterMs]) {
      if (delayMs > 0) await delay(delayMs, undefined, { signal: ctx.signal }).catch(() => {});
      const shared = going.get(key) ?? searched(instead, ctx).finally(() => going.delete(key));
      going.set(key, shared);
      const found = await shared;
      if (found !== undefined || ctx.signal.aborted) return found ?? [];
    }
    return [];
  };
}

/** Free times near one that cannot be had, with the same provider first. None when they cannot be found out. */
export async function alternativesTo(instead: Instead, ctx: Context): Promise<readonly Offer[]> {
  return (await searched(instead, ctx)) ?? [];
}

/** Undefined when nobody could be asked. */
async function searched(instead: Instead, ctx: Context): Promise<readonly Offer[] | undefined> {
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
    return undefined;
  }
}

/** A failure that a person is told. */
export function failed(reason: FailureReason, alternatives: readonly Offer[]) {
  const failure = failureMessage({ reason, userMessage: failureSentences[reason], alternatives });
  return { result: { case: "failure" as const, value: failure } };
}
