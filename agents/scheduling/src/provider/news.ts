// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { notFound } from "../failure.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { newsroom } from "../newsroom.ts";
import { textForProvider } from "../notification.ts";
import { calendars } from "./calendars.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "watchBookings">;

const { hears, watch } = newsroom("provider", ({ providerId }) => providerId);

/** Keeps what providers are told of their bookings. */
export { hears };

/** What providers are told of their bookings. */
export const news: Methods = {
  async *watchBookings({ providerId, afterNotificationId }, ctx) {
    const { provider } = await ctx.load(calendars.at(providerId));
    if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
    const { timeZone } = provider;
    for await (const one of watch(providerId, afterNotificationId, ctx)) {
      yield { notification: notificationMessage(one, textForProvider(one, { now: ctx.clock.now(), timeZone })) };
    }
  },
};
