// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Notification, SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";

/** What a booking demo may hand back; whatever is absent is not shown. */
export interface Outcome {
  readonly userId?: string | undefined;
  readonly conversationId?: string | undefined;
  /** As first offered, best first. */
  readonly offers: readonly SlotOffer[];
  /** What the user was told without having asked. */
  readonly toldUser?: Notification | undefined;
  /** What the provider was told. */
  readonly toldProvider?: Notification | undefined;
}

/** Reads what a demo handed back. */
export function outcomeOf(result: unknown): Outcome {
  const handed: Partial<Outcome> = typeof result === "object" && result !== null ? result : {};
  return { ...handed, offers: Array.isArray(handed.offers) ? handed.offers : [] };
}
