// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ConversationContinuedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { defineJournal } from "@parley/mesh";
import { type Conversation, evolve, newConversation } from "../domain/conversation/conversation.ts";
import { conversationEventOf } from "../messages/conversation-step.ts";

/** The conversations of all users, by conversation id. What one sentence changes is one event. */
export const conversations = defineJournal({
  name: "conversations",
  version: 1,
  events: [ConversationContinuedSchema],
  initial: (): Conversation => newConversation,
  evolve(conversation, event): Conversation {
    switch (event.$typeName) {
      case "parley.scheduling.v1.ConversationContinued":
        return event.steps.map(conversationEventOf).reduce(evolve, conversation);
    }
  },
});
