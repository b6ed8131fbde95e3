// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SuggestionProposedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import { SuggestionAnsweredSchema, SuggestionKeptSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Context, defineJournal, type Implementation } from "@parley/mesh";
import { type Offer, offerMs } from "../domain/booking/offer.ts";
import { noPreferences, suits, zoneOfUser } from "../domain/suggestion/preferences.ts";
import { evolveSuggestions, localDate, maySuggest, noSuggestions } from "../domain/suggestion/suggestions.ts";
import { type Interested, interestedIn } from "../domain/suggestion/tastes.ts";
import { dayMs, type TimeWindow } from "../domain/time/time-window.ts";
import { notFound } from "../failure.ts";
import { fanOut } from "../fan-out.ts";
import { journalKey } from "../journal-key.ts";
import { offerMessage, offerOf } from "../messages/appointment-message.ts";
import { timeFields, windowOf } from "../messages/instants.ts";
import { present } from "../messages/present.ts";
import { tastes } from "./tastes.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "suggestOpening" | "answerSuggestion">;

/** What was suggested, by user id. */
const suggestions = defineJournal({
  name: "suggestions",
  version: 1,
  events: [SuggestionKeptSchema, SuggestionAnsweredSchema],
  initial: () => noSuggestions,
  evolve(state, event) {
    switch (event.$typeName) {
      case "parley.scheduling.v1.SuggestionKept": {
        const { suggestionId, localDate: date, offer } = event;
        return evolveSuggestions(state, {
          kind: "proposed",
          suggestionId,
          localDate: date,
          offer: offerOf(present(offer)),
        });
      }
      case "parley.scheduling.v1.SuggestionAnswered": {
        const { suggestionId, accepted } = event;
        return evolveSuggestions(state, { kind: "answered", suggestionId, accepted });
      }
    }
  },
});

/** Whoever comes later in the row is not told: the time will be gone. */
const mostTold = 50;
/** Nobody is suggested a time further away. */
const horizonMs = 90 * dayMs;

/** Time that a provider has gained, suggested to those who like them. */
export const suggesting: Methods = {
  async suggestOpening({ providerId, windows, exceptUserId }, ctx) {
    const now = ctx.clock.now();
    // Whoever said what they like before the provider opened up is told.
    await ctx.caughtUp(tastes, "all");
    const known = ctx.view(tastes);
    const interested = interestedIn(known, providerId, now)
      .filter(({ userId }) => userId !== exceptUserId)
      .slice(0, mostTold);
    const toCome = windows.map(windowOf).flatMap(({ start, end }) => {
      const window = { start: Math.max(start, now), end: Math.min(end, now + horizonMs) };
      return window.start < window.end ? [window] : [];
    });
    if (interested.length === 0 || toCome.length === 0) return { suggested: 0 };
    const name = known.providers.get(providerId)?.name ?? providerId;
    const services = [...new Set(interested.map(({ serviceType }) => serviceType))];
    const free = new Map<string, readonly Offer[]>();
    for (const serviceType of services)
      free.set(serviceType, await openings(ctx, { providerId, providerName: name, serviceType, windows: toCome }));
    const outcomes = await fanOut(interested, (person) => suggest(ctx, person, free.get(person.serviceType) ?? []));
    return { suggested: outcomes.filter((outcome) => outcome.kind === "done" && outcome.value).length };
  },

  async answerSuggestion({ userId, suggestionId, accepted }, ctx) {
    return ctx.commit({ theirs: suggestions.at(journalKey(userId)) }, ({ theirs }) => {
      const found = theirs.state.made.find((each) => each.suggestionId === suggestionId);
      if (found === undefined) throw notFound(`this user was not suggested "${suggestionId}"`);
      if (found.accepted !== accepted) theirs.append(SuggestionAnsweredSchema, { suggestionId, accepted });
      return { offer: offerMessage(found.offer) };
    });
  },
};

interface Opening {
  readonly providerId: string;
  readonly providerName: string;
  readonly serviceType: string;
  readonly windows: readonly TimeWindow[];
}

async function openings(ctx: Context, opening: Opening): Promise<readonly Offer[]> {
  const { providerId, providerName, serviceType } = opening;
  const windows = opening.windows.map(timeFields);
  const { slots, version } = await ctx
    .client(ProviderAgentService)
    .queryAvailability({ providerId, serviceType, windows }, { target: `pa_${providerId}` });
  return slots.map((slot) => ({
    ...{ slotId: slot.slotId, providerId, providerName, serviceType, version, matchScore: 1 },
    ...windowOf(slot),
    reasoning: ["Your preferred provider has new availability"],
  }));
}

/** Suggests the first time that suits a person, if they may be told today. */
async function suggest(ctx: Context, person: Interested, free: readonly Offer[]): Promise<boolean> {
  const { userId } = person;
  const preferences = person.preferences ?? noPreferences(userId);
  const offer = free.find(({ start }) => suits(preferences, start));
  if (offer === undefined) return false;
  const now = ctx.clock.now();
  const today = localDate(now, zoneOfUser(preferences));
  return ctx.commit({ theirs: suggestions.at(journalKey(userId)) }, ({ theirs }, outbox) => {
    if (!maySuggest(theirs.state, offer, today)) return false;
    const suggested = {
      suggestionId: `sug-${offer.slotId.slice("slot.".length)}`,
      offer: offerMessage({ ...offer, expiresAt: Math.max(offer.start, now + offerMs) }),
      localDate: today,
    };
    theirs.append(SuggestionKeptSchema, suggested);
    outbox.publish(SuggestionProposedSchema, { ...suggested, userId, time: timestampFromMs(now) });
    return true;
  });
}
