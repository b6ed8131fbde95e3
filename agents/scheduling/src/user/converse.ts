// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ConversationContinuedSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { type Context, type ErrorClass, type Implementation, MeshError } from "@parley/mesh";
import { type Conversation, type ConversationEvent, evolve } from "../domain/conversation/conversation.ts";
import {
  declinedReply,
  impossibleReply,
  nothingToDeclineReply,
  smallTalkReply,
  unclearReply,
  unreachableReply,
} from "../domain/conversation/replies.ts";
import { vocabularyOf } from "../domain/sentence/vocabulary.ts";
import { notFound, requiredZone } from "../failure.ts";
import { journalKey } from "../journal-key.ts";
import { knownProviders } from "../known-providers.ts";
import { appointmentMessage, failureMessage, offerMessage } from "../messages/appointment-message.ts";
import { conversationStep } from "../messages/conversation-step.ts";
import type { SentenceReader } from "../model/sentence-reader.ts";
import { book } from "./book.ts";
import { cancelMeant, list } from "./cancel.ts";
import { answerTo, choose, confirm } from "./choose.ts";
import { conversations } from "./conversations.ts";
import { move } from "./move.ts";
import { readSentence } from "./read-sentence.ts";
import { type Answer, say, servicesOf, type Turn } from "./turn.ts";
import { understandingMessage } from "./understanding-message.ts";

type Methods = Pick<Implementation<typeof UserAgentService>, "converse" | "chooseSlot">;

/** Failures after which the same sentence may work in a moment; a person is told so instead of getting an error. */
const passing: readonly ErrorClass[] = ["TRANSIENT", "RATE_LIMIT", "UNAVAILABLE", "TIMEOUT"];

/** Talking with users: steps 1, 6 and 11 of a booking, and the calls between them. Without a model the grammar reads the sentences. */
export function talk(model: SentenceReader | undefined): Methods {
  return {
    async converse(request, ctx) {
      const { userId, text } = request;
      const { conversationId, conversation } = await continued(request, ctx);
      const timeZone = requiredZone("time_zone", request.timeZone, conversation.timeZone);
      const reader = { now: ctx.clock.now(), timeZone };
      const providers = await knownProviders(ctx, { conversationId });
      const offered = conversation.cancellable.length > 0 ? conversation.cancellable : conversation.offers;
      const situation = { ...reader, vocabulary: vocabularyOf(providers), offered, providers };
      const understood = await readSentence({ ctx, model }, text, situation);
      const turn: Turn = { ctx, userId, conversationId, conversation, reader, providers, understood };

      const answer = await answered(turn);
      const events: readonly ConversationEvent[] = [{ kind: "heard", userId, timeZone }, ...answer.events];
      await keep(ctx, { conversationId, userId, events });
      const requested = answer.events.find((event) => event.kind === "requested")?.request;
      return {
        conversationId,
        reply: answer.reply,
        understood: understandingMessage(turn, requested),
        offers: events.reduce(evolve, conversation).offers.map(offerMessage),
        ...(answer.appointment === undefined ? {} : { appointment: appointmentMessage(answer.appointment) }),
      };
    },

    async chooseSlot(request, ctx) {
      const { userId, slotId } = request;
      const { conversationId, conversation } = await continued(request, ctx);
      const { timeZone, moving } = conversation;
      const reader = { now: ctx.clock.now(), timeZone };
      const outcome = await confirm({ ctx, userId, conversationId, moving }, slotId);
      const { reply, events } = answerTo(outcome, { reader, moving });
      await keep(ctx, {
        ...{ conversationId, userId },
        events: [{ kind: "heard", userId, timeZone }, { kind: "selected", slotId }, ...events],
      });
      const result =
        outcome.kind === "confirmed"
          ? { case: "appointment" as const, value: appointmentMessage(outcome.appointment) }
          : { case: "failure" as const, value: failureMessage(outcome.failure) };
      return { conversationId, reply, result };
    },
  };
}

async function continued(
  { userId, conversationId: asked }: { userId: string; conversationId: string },
  ctx: Context,
): Promise<{ readonly conversationId: string; readonly conversation: Conversation }> {
  const conversationId = asked || ctx.header.conversationId || ctx.messageId;
  const conversation = await ctx.load(conversations.at(journalKey(conversationId)));
  assertTheirs(conversation, userId, conversationId);
  return { conversationId, conversation };
}

/** What a turn did to its conversation, kept as one event. */
async function keep(
  ctx: Context,
  turn: { conversationId: string; userId: string; events: readonly ConversationEvent[] },
): Promise<void> {
  const { conversationId, userId, events } = turn;
  const steps = events.map(conversationStep);
  await ctx.commit({ conversation: conversations.at(journalKey(conversationId)) }, ({ conversation }) => {
    // Two users may have begun it at the same moment.
    assertTheirs(conversation.state, userId, conversationId);
    conversation.append(ConversationContinuedSchema, { steps });
    return null;
  });
}

/** Somebody else's conversation must look like none. */
function assertTheirs(conversation: Conversation, userId: string, conversationId: string): void {
  if (conversation.userId === undefined || conversation.userId === userId) return;
  throw notFound(`this user has no conversation "${conversationId}"; leave conversation_id empty to begin one`);
}

async function answered(turn: Turn): Promise<Answer> {
  try {
    return await byIntent(turn);
  } catch (error) {
    if (!(error instanceof MeshError) || !passing.includes(error.errorClass)) throw error;
    turn.ctx.logger.warn({ error }, "the user is asked to try again");
    return say(unreachableReply);
  }
}

async function byIntent(turn: Turn): Promise<Answer> {
  const { conversation, understood, providers } = turn;
  if (understood.impossible !== undefined && understood.intent !== "BOOK_APPOINTMENT")
    return say(impossibleReply(understood.impossible));
  // While times are looked for, they are what moves: "move it to Tuesday" asks for others.
  const looking = conversation.stage === "REQUESTED" || conversation.offers.length > 0;
  if (understood.moves && !looking && understood.intent !== "CANCEL_APPOINTMENT") return move(turn);
  switch (understood.intent) {
    case "BOOK_APPOINTMENT":
      return book(turn);
    case "CHOOSE_SLOT":
      return choose(turn);
    case "CANCEL_APPOINTMENT":
      return cancelMeant(turn);
    case "LIST_APPOINTMENTS":
      return list(turn);
    case "DECLINE": {
      const open = conversation.offers.length + conversation.cancellable.length > 0;
      return open ? { reply: declinedReply, events: [{ kind: "declined" }] } : say(nothingToDeclineReply);
    }
    case "UNCLEAR":
      return say(
        understood.smallTalk === undefined
          ? unclearReply(servicesOf(providers))
          : smallTalkReply(understood.smallTalk, servicesOf(providers)),
      );
  }
}
