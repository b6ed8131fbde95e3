// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  ReleaseReason,
  type SlotHeld,
  type SlotHeldSchema,
  type SlotReleasedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import type { Hold } from "../domain/booking/hold.ts";
import { milliseconds, timeFields, windowOf } from "./instants.ts";

/** The hold as the event that it begins with. */
export function heldMessage(hold: Hold): MessageInitShape<typeof SlotHeldSchema> {
  const { holdId, userId, providerId, slotId, until, agreed } = hold;
  return {
    ...{ holdId, userId, providerId, slotId, agreed },
    ...timeFields(hold),
    untilTime: timestampFromMs(until),
  };
}

/** The hold that its event says. */
export function holdFrom(message: SlotHeld): Hold {
  const { holdId, userId, providerId, slotId, untilTime, agreed } = message;
  return { ...{ holdId, userId, providerId, slotId, agreed }, ...windowOf(message), until: milliseconds(untilTime) };
}

/** The end of a hold whose time is over, as an event. */
export function expiredMessage(hold: Hold): MessageInitShape<typeof SlotReleasedSchema> {
  const { holdId, providerId } = hold;
  return { holdId, providerId, reason: ReleaseReason.EXPIRED, ...timeFields(hold) };
}
