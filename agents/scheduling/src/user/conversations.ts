// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type Conversation,
  type ConversationEvent,
  evolve,
  newConversation,
} from "../domain/conversation/conversation.ts";

const conversationsKept = 10_000;

/** The conversations of all users, by conversation id. In memory of one instance; the one longest silent is forgotten first. */
export class Conversations {
  readonly #conversations = new Map<string, Conversation>();

  /** A conversation as it stands; one in which nothing was said is new. */
  load(conversationId: string): Conversation {
    return this.#conversations.get(conversationId) ?? newConversation;
  }

  /** What has happened in a conversation; gives it as it stands then. */
  append(conversationId: string, events: readonly ConversationEvent[]): Conversation {
    const conversation = events.reduce(evolve, this.load(conversationId));
    this.#conversations.delete(conversationId);
    this.#conversations.set(conversationId, conversation);
    const [oldest] = this.#conversations.keys();
    if (this.#conversations.size > conversationsKept && oldest !== undefined) this.#conversations.delete(oldest);
    return conversation;
  }
}
