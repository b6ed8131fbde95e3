// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { requiredZone } from "../failure.ts";
import { notificationMessage } from "../messages/notification-message.ts";
import { newsroom } from "../newsroom.ts";
import { textForUser } from "../notification.ts";

type Methods = Pick<Implementation<typeof UserAgentService>, "watchNotifications">;

const { hears, watch } = newsroom("user", ({ userId }) => userId);

/** Keeps what users are told of their appointments. */
export { hears };

/** What users are told of their appointments. */
export const news: Methods = {
  async *watchNotifications({ userId, afterNotificationId, timeZone: asked }, ctx) {
    const timeZone = requiredZone("time_zone", asked);
    for await (const one of watch(userId, afterNotificationId, ctx)) {
      yield { notification: notificationMessage(one, textForUser(one, { now: ctx.clock.now(), timeZone })) };
    }
  },
};
