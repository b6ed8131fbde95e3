// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "../clock.ts";
import { type MaintenanceBoard, told } from "../maintenance/maintenance-board.ts";
import type { MaintenanceOf } from "../pipeline/read-only.ts";

/** Milliseconds after which callers shall come back when nobody knows how long it takes, or it takes longer than that. */
const unknownMs = 30_000;

/** What calls are under: the maintenance of the package that the method's contract is of. */
export function maintenanceOfCalls(board: MaintenanceBoard, clock: Clock): MaintenanceOf {
  return ({ input }) => {
    const maintenance = board.over(input.file.proto.package);
    if (maintenance === undefined) return undefined;
    const { expectedEnd } = maintenance;
    const leftMs = expectedEnd === undefined ? 0 : timestampMs(expectedEnd) - clock.now();
    return { why: told(maintenance), retryAfterMs: leftMs > 0 ? leftMs : unknownMs };
  };
}
