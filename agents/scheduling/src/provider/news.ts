// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Heard, Implementation } from "@parley/mesh";
import { notFound } from "../failure.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { newsroom } from "../news-hearers.ts";
import { textForProvider } from "../notification.ts";
import type { Calendars } from "./calendars.ts";

type Methods = Pick<Implementation<typeof ProviderAgentService>, "watchBookings">;

/** What providers are told of their bookings. */
export function tellProviders(calendars: Calendars): { readonly methods: Methods; readonly hears: readonly Heard[] } {
  const { board, hears } = newsroom("provider", ({ providerId }) => providerId);
  return {
    hears,
    methods: {
      async *watchBookings({ providerId, afterNotificationId }, ctx) {
        const { provider } = calendars.load(providerId);
        if (provider === undefined) throw notFound(`there is no provider "${providerId}"; ListProviders lists all`);
        const { timeZone } = provider;
        for await (const news of board.watch(providerId, afterNotificationId, ctx.signal)) {
          yield { notification: notificationMessage(news, textForProvider(news, { now: ctx.clock.now(), timeZone })) };
        }
      },
    },
  };
}
