// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SchedulingAgentService } from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { zoneOfUser } from "../domain/suggestion/preferences.ts";
import { requiredZone } from "../failure.ts";
import { appointmentMessage, failureMessage, offerOf } from "../messages/appointment-message.ts";
import { present } from "../messages/present.ts";
import { answerTo, confirm } from "./choose.ts";
import { keepPreferences, preferencesOf } from "./preferences.ts";

type Methods = Pick<Implementation<typeof UserAgentService>, "respondToSuggestion">;

/** What users say to suggestions: steps 4 and 5 of a suggestion, and from there those of a booking. */
export const suggestion: Methods = {
  async respondToSuggestion({ userId, suggestionId, accept, noMore, timeZone: asked }, ctx) {
    const conversationId = suggestionId;
    const preferences = await preferencesOf(ctx, userId);
    const timeZone = requiredZone("time_zone", asked, zoneOfUser(preferences));
    const { offer } = await ctx
      .client(SchedulingAgentService)
      .answerSuggestion({ userId, suggestionId, accepted: accept }, { conversationId });
    if (noMore) await keepPreferences(ctx, userId, (before) => ({ ...before, noSuggestions: true }));
    const more = noMore ? " I will suggest no more." : "";
    if (!accept) return { reply: `All right, I book nothing.${more}` };
    const outcome = await confirm({ ctx, userId, conversationId }, offerOf(present(offer)).slotId);
    const { reply } = answerTo(outcome, { reader: { now: ctx.clock.now(), timeZone } });
    const result =
      outcome.kind === "confirmed"
        ? { case: "appointment" as const, value: appointmentMessage(outcome.appointment) }
        : { case: "failure" as const, value: failureMessage(outcome.failure) };
    return { reply: `${reply}${more}`, result };
  },
};
