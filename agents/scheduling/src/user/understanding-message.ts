// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Intent as IntentMessage,
  type Understanding,
  UnderstandingSchema,
} from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import { offeringOf } from "../domain/booking/provider.ts";
import { type Request, requestAfter } from "../domain/conversation/conversation.ts";
import { preferenceOf } from "../domain/sentence/time-words.ts";
import { wishOf } from "../domain/time/time-preference.ts";
import { bounds, minuteMs, type TimeWindow } from "../domain/time/time-window.ts";
import type { Turn } from "./turn.ts";

/** What was understood of the sentence and those before it, as a message. `request` as it is after the sentence, where it still stands. */
export function understandingMessage(turn: Turn, request: Request | undefined): Understanding {
  const { understood, conversation } = turn;
  const wanted = request ?? requestAfter(conversation.request, understood);
  const { serviceType = "", providerIds } = wanted;
  const durationMinutes = wanted.durationMinutes ?? usualDuration(turn, serviceType);
  const time = wantedTime(turn, wanted, durationMinutes);
  return create(UnderstandingSchema, {
    intent: understood.intent === "UNCLEAR" ? IntentMessage.UNSPECIFIED : IntentMessage[understood.intent],
    ...{ serviceType, durationMinutes, providerIds: [...providerIds] },
    ...(time === undefined ? {} : { earliest: timestampFromMs(time.start), latest: timestampFromMs(time.end) }),
  });
}

function usualDuration({ providers }: Turn, serviceType: string): number {
  const offerings = providers.flatMap((provider) => offeringOf(provider, serviceType) ?? []);
  return offerings[0]?.durationMinutes ?? 0;
}

function wantedTime({ reader }: Turn, { when }: Request, durationMinutes: number): TimeWindow | undefined {
  if (when === undefined) return undefined;
  const { windows, ideal } = wishOf(preferenceOf(when, reader), reader.now);
  return ideal === undefined ? bounds(windows) : { start: ideal, end: ideal + durationMinutes * minuteMs };
}
