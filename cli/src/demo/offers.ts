// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import type { Style } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";

/** Ranked offers with the scores and reasons that the scheduling agent gave them. Times are UTC. */
export function offerLines(offers: readonly SlotOffer[], { bold, dim }: Style): readonly string[] {
  if (offers.length === 0) return [];
  const head = ["", "score", "when (UTC)", "with", "because"].map(dim);
  const rows = offers.map(({ matchScore, startTime, endTime, providerName, reasoning }, index) => [
    `${index + 1}.`,
    bold(matchScore.toFixed(2)),
    `${day(startTime)} ${time(startTime)}–${time(endTime)}`,
    providerName,
    reasoning.join(", "),
  ]);
  return [dim("  offers, best first"), ...tableLines([head, ...rows]).map((line) => `  ${line}`)];
}

const dayFormat = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

function day(at: Timestamp | undefined): string {
  return at === undefined ? "?" : dayFormat.format(timestampDate(at));
}

function time(at: Timestamp | undefined): string {
  return at === undefined ? "?" : timestampDate(at).toISOString().slice(11, 16);
}
