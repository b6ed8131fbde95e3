// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ConversationStep_TimeWords,
  ConversationStep_TimeWordsSchema,
  ConversationStep_Wish,
  ConversationStep_WishSchema,
} from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import type { Request } from "../domain/conversation/conversation.ts";
import type { TimeWords } from "../domain/sentence/time-words.ts";

/** What is wanted so far, as a message. */
export function wishMessage(request: Request): MessageInitShape<typeof ConversationStep_WishSchema> {
  const { serviceType = "", providerIds, unwantedIds = [], durationMinutes = 0, when } = request;
  const wish = {
    ...{ serviceType, durationMinutes },
    providerIds: [...providerIds],
    unwantedProviderIds: [...unwantedIds],
  };
  return when === undefined ? wish : { ...wish, when: timeWordsMessage(when) };
}

/** What is wanted so far, as a message says it. */
export function requestOf(wish: ConversationStep_Wish): Request {
  const { serviceType, providerIds, unwantedProviderIds, durationMinutes, when } = wish;
  return {
    serviceType: serviceType || undefined,
    providerIds,
    unwantedIds: unwantedProviderIds.length > 0 ? unwantedProviderIds : undefined,
    durationMinutes: durationMinutes || undefined,
    when: when === undefined ? undefined : timeWordsOf(when),
  };
}

function timeWordsMessage(words: TimeWords): MessageInitShape<typeof ConversationStep_TimeWordsSchema> {
  const { days, hours, at = "", moment, text } = words;
  return {
    ...{ at, text },
    ...(hours ?? {}),
    ...(days === undefined ? {} : { days: { spans: [...days.spans], weekdays: [...days.weekdays] } }),
    ...(moment === undefined ? {} : { momentMs: BigInt(Math.round(moment)) }),
  };
}

function timeWordsOf({ days, from, until, at, momentMs, text }: ConversationStep_TimeWords): TimeWords {
  return {
    days: days && { spans: days.spans.map(({ first, last }) => ({ first, last })), weekdays: days.weekdays },
    hours: from === "" ? undefined : { from, until },
    at: at || undefined,
    moment: momentMs === undefined ? undefined : Number(momentMs),
    text,
  };
}
