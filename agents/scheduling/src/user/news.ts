// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Heard, Implementation } from "@parley/mesh";
import { requiredZone } from "../failure.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { newsroom } from "../news-hearers.ts";
import { textForUser } from "../notification.ts";

type Methods = Pick<Implementation<typeof UserAgentService>, "watchNotifications">;

/** What users are told of their appointments. */
export function tellUsers(): { readonly methods: Methods; readonly hears: readonly Heard[] } {
  const { board, hears } = newsroom("user", ({ userId }) => userId);
  return {
    hears,
    methods: {
      async *watchNotifications({ userId, afterNotificationId, timeZone: asked }, ctx) {
        const timeZone = requiredZone("time_zone", asked);
        for await (const news of board.watch(userId, afterNotificationId, ctx.signal)) {
          yield { notification: notificationMessage(news, textForUser(news, { now: ctx.clock.now(), timeZone })) };
        }
      },
    },
  };
}
