// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SlotsOfferedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type {
  CounterOfferRequest,
  SchedulingAgentService,
} from "@parley/contracts/parley/scheduling/v1/scheduling_agent_pb.js";
import type { Context, Implementation } from "@parley/mesh";
import { type Offer, offerMs } from "../domain/booking/offer.ts";
import { offeringOf, type Provider } from "../domain/booking/provider.ts";
import { invalid, notFound } from "../failure.ts";
import { fanOut } from "../fan-out.ts";
import { knownProviders } from "../known-providers.ts";
import { offerMessage } from "../messages/appointment-message.ts";
import { instantOrUnset, milliseconds, windowOf } from "../messages/instants.ts";
import { present } from "../messages/present.ts";
import { alternativesTo } from "./alternatives.ts";
import { conversationOf, negotiationAt } from "./negotiations.ts";

type Methods = Pick<Implementation<typeof SchedulingAgentService>, "counterOffer">;

/** Asks providers whether a time that a user proposes suits them; each answers by their own policy. */
export const counterOffer: Methods["counterOffer"] = async (request, ctx) => {
  const { userId, serviceType, durationMinutes } = request;
  const start = milliseconds(request.startTime);
  const now = ctx.clock.now();
  if (start <= now) throw invalid("start_time", `${new Date(start).toISOString()} has passed; propose a time to come`);
  const asked = await askedProviders(request, ctx);
  const outcomes = await fanOut(asked, (provider) => ask(ctx, provider, request));
  const agreed = outcomes.flatMap((outcome) => (outcome.kind === "done" ? (outcome.value ?? []) : []));
  const [first] = asked;
  const minutes = durationMinutes || (first && offeringOf(first, serviceType)?.durationMinutes) || 30;
  const near = { serviceType, durationMinutes: minutes, start, providerId: first?.providerId ?? "", userId };
  const offers = agreed.length > 0 ? agreed : await alternativesTo(near, ctx);
  const messages = offers.map(offerMessage);
  const conversationId = conversationOf(ctx, request.conversationId);
  if (conversationId !== "" && offers.length > 0) {
    await ctx.commit({ negotiation: negotiationAt(conversationId, userId) }, ({ negotiation }) => {
      const requestId = negotiation.state.requestId || conversationId;
      const time = timestampFromMs(now);
      negotiation.append(SlotsOfferedSchema, {
        ...{ requestId, userId, conversationId, offers: messages, time },
        negotiationId: negotiation.key,
      });
      return null;
    });
  }
  return { agreed: agreed.length > 0, offers: messages, reply: replyTo(agreed, offers) };
};

async function askedProviders(request: CounterOfferRequest, ctx: Context): Promise<readonly Provider[]> {
  const { serviceType, providerIds } = request;
  const offering = await knownProviders(ctx, { serviceType });
  if (offering.length === 0) throw notFound(`nobody offers "${serviceType}"; ListProviders shows what is offered`);
  if (providerIds.length === 0) return offering;
  const unknown = providerIds.find((id) => !offering.some(({ providerId }) => providerId === id));
  if (unknown !== undefined) throw notFound(`there is no provider "${unknown}" who offers "${serviceType}"`);
  return offering.filter(({ providerId }) => providerIds.includes(providerId));
}

async function ask(ctx: Context, provider: Provider, request: CounterOfferRequest): Promise<Offer | undefined> {
  const { userId, serviceType, startTime, durationMinutes } = request;
  const { providerId, name: providerName } = provider;
  if (startTime === undefined) return undefined;
  const { slotId, time, untilTime, version } = await ctx
    .client(ProviderAgentService)
    .considerCounterOffer(
      { providerId, userId, serviceType, startTime, durationMinutes },
      { target: `pa_${providerId}` },
    );
  if (slotId === "") return undefined;
  const until = instantOrUnset(untilTime);
  return {
    ...{ slotId, providerId, providerName, serviceType, version, matchScore: 1 },
    ...windowOf(present(time)),
    reasoning: [until === undefined ? "Free at the time you propose" : "Agreed to the time you propose"],
    expiresAt: until ?? ctx.clock.now() + offerMs,
  };
}

function replyTo(agreed: readonly Offer[], offers: readonly Offer[]): string {
  if (agreed.length > 0) return "That time can be had. Shall I book it?";
  return offers.length > 0
    ? "Nobody can take that time, but these times are near."
    : "Sorry, nobody can take that time, and I found no other near it.";
}
