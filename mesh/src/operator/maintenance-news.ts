// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SystemMaintenanceSchema, SystemReadySchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import type { Host } from "../agent/host-options.ts";
import { MessageIds } from "../events/publisher.ts";
import type { MessageHeader } from "../header.ts";
import type { Noted } from "../maintenance/maintenance-board.ts";
import { logger } from "../telemetry/logger.ts";
import { rootTrace } from "../telemetry/propagation.ts";

/** Real milliseconds after which it is looked again for what nobody has told. */
const lookEveryMs = 15_000;

/** Who tells, and because of what. */
export interface Teller {
  readonly source: string;
  /** Unset: nobody asked for it just now. */
  readonly header?: MessageHeader | undefined;
}

/**
 * Publishes how a maintenance stands, then notes on the board that it is told. The id of the event follows from the note,
 * so that several operators who do so, at once or one after another, tell it once.
 */
export async function tell(host: Host, noted: Noted, { source, header }: Teller): Promise<void> {
  const { note, maintenance, revision } = noted;
  const { endedBy } = note;
  const began = String(maintenance.beganAt && timestampMs(maintenance.beganAt));
  const ids = new MessageIds(source, "maintenance", maintenance.domain, began, String(revision));
  const origin = { source, cause: header && { header, trace: rootTrace() }, ids };
  const publisher = host.publisherOf(host.contracts);
  if (endedBy === "") await publisher.publish(SystemMaintenanceSchema, { maintenance }, origin);
  else await publisher.publish(SystemReadySchema, { maintenance, endedBy }, origin);
  await host.maintenance.markTold(noted);
}

/**
 * Tells what nobody has told: whoever wrote it on the board was gone before its event was stored. Never throws: what cannot be
 * told now holds up no other, and is tried again.
 */
export async function tellUntold(host: Host, source: string): Promise<void> {
  for (const noted of host.maintenance.untold()) {
    try {
      await tell(host, noted, { source });
    } catch (error) {
      logger.warn({ err: error }, "a maintenance is not told of yet");
    }
  }
}

/** Sees to it that every maintenance that begins or ends is told of in the end; while no operator runs nobody tells it. */
export function announceMaintenances(host: Host, source: string): void {
  const look = () => void tellUntold(host, source);
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  host.closing.addEventListener("abort", () => clearInterval(timer), { once: true });
  look();
}
