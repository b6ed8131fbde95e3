// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Context } from "@parley/mesh";
import type { Appointment } from "../domain/booking/appointment.ts";
import type { Provider } from "../domain/booking/provider.ts";
import type { Conversation, ConversationEvent } from "../domain/conversation/conversation.ts";
import type { Understood } from "../domain/sentence/understand.ts";
import type { Reader } from "../domain/time/local-words.ts";

/** One sentence of a user, with all that is needed to answer it. */
export interface Turn {
  readonly ctx: Context;
  readonly userId: string;
  readonly conversationId: string;
  /** As it stood before the sentence. */
  readonly conversation: Conversation;
  /** The user's clock. */
  readonly reader: Reader;
  /** Everybody who can be booked. */
  readonly providers: readonly Provider[];
  readonly understood: Understood;
}

/** What a sentence is answered with. */
export interface Answer {
  readonly reply: string;
  /** What happens in the conversation thereby. */
  readonly events: readonly ConversationEvent[];
  /** Booked or cancelled by the sentence. */
  readonly appointment?: Appointment | undefined;
}

/** An answer that changes nothing. */
export function say(reply: string): Answer {
  return { reply, events: [] };
}

/** Every service that somebody offers, in alphabetical order. */
export function servicesOf(providers: readonly Provider[]): readonly string[] {
  return [...new Set(providers.flatMap(({ services }) => services.map(({ serviceType }) => serviceType)))].sort();
}
