// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import type { Implementation } from "@parley/mesh";
import { availability } from "./availability.ts";
import { bookings } from "./bookings.ts";
import { descriptions } from "./describe.ts";
import { endings } from "./endings.ts";
import { holds } from "./holds.ts";
import { moves } from "./moves.ts";
import { news } from "./news.ts";
import { timeOff } from "./time-off.ts";

/** What other agents ask of calendars. */
export const providerMethods: Implementation<typeof ProviderAgentService> = {
  ...descriptions,
  ...availability,
  ...bookings,
  ...holds,
  ...moves,
  ...endings,
  ...news,
  acknowledgeUpdate: timeOff.acknowledgeUpdate,
};
