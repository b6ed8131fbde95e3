// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { UserPreferencesSetSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { type Context, defineJournal, type Implementation } from "@parley/mesh";
import { noPreferences, type Preferences } from "../domain/suggestion/preferences.ts";
import { requiredZone } from "../failure.ts";
import { journalKey } from "../journal-key.ts";
import { preferencesFrom, preferencesMessage } from "../messages/preferences-message.ts";
import { present } from "../messages/present.ts";

/** What users like, by user id. */
export const preferences = defineJournal({
  name: "preferences",
  version: 1,
  events: [UserPreferencesSetSchema],
  initial: (): Preferences | null => null,
  evolve: (_, event): Preferences | null => preferencesFrom(present(event.preferences)),
});

type Methods = Pick<Implementation<typeof UserAgentService>, "setPreferences" | "getPreferences">;

/** What users say they like. */
export const liking: Methods = {
  async setPreferences(request, ctx) {
    const wanted = preferencesFrom(present(request.preferences));
    requiredZone("preferences.time_zone", wanted.timeZone);
    await keepPreferences(ctx, wanted.userId, () => wanted);
    return { preferences: preferencesMessage(wanted) };
  },

  async getPreferences({ userId }, ctx) {
    return { preferences: preferencesMessage(await preferencesOf(ctx, userId)) };
  },
};

/** What a user likes; nothing where they said nothing. */
export async function preferencesOf(ctx: Pick<Context, "load">, userId: string): Promise<Preferences> {
  return (await ctx.load(preferences.at(journalKey(userId)))) ?? noPreferences(userId);
}

/** Changes what is kept of a user's likes. */
export async function keepPreferences(
  ctx: Pick<Context, "commit">,
  userId: string,
  change: (before: Preferences) => Preferences,
): Promise<void> {
  await ctx.commit({ kept: preferences.at(journalKey(userId)) }, ({ kept }) => {
    const before = kept.state ?? noPreferences(userId);
    const after = change(before);
    if (JSON.stringify(before) !== JSON.stringify(after))
      kept.append(UserPreferencesSetSchema, { preferences: preferencesMessage(after) });
    return null;
  });
}
