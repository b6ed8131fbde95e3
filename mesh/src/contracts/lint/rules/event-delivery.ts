// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Rule } from "../rule.ts";

/** Every event says what its hearers may rely on. */
export const eventDelivery: Rule = {
  name: "event-delivery",
  *check(contracts) {
    for (const event of contracts.events) {
      const delivery = contracts.levelsOfEvent(event).find(({ policy }) => policy.delivery !== undefined)
        ?.policy.delivery;
      // UNSPECIFIED, written out, is no answer either.
      if (delivery) continue;
      yield {
        element: event.desc,
        setting: ["delivery"],
        wrong: `event "${event.desc.name}" has no delivery`,
        write: "delivery: DELIVERY_AT_LEAST_ONCE, or AT_MOST_ONCE or EFFECTIVELY_ONCE",
      };
    }
  },
};
