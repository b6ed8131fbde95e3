// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "../clock.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { Valve } from "../delivery/valve.ts";
import { type MaintenanceBoard, told } from "../maintenance/maintenance-board.ts";
import type { MaintenanceOf } from "../pipeline/read-only.ts";
import type { Agent } from "./define-agent.ts";

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

/** What is maintained, and who is hosted here. */
interface Maintained {
  readonly agents: readonly Agent[];
  readonly maintenance: MaintenanceBoard;
}

/** The same hearings, each with a valve that is shut while one of its packages is under maintenance. */
export function heldByMaintenance(hearings: readonly Hearing[], { agents, maintenance }: Maintained): Hearing[] {
  const held = hearings.map((hearing) => {
    const { valve = new Valve() } = hearing;
    return { hearing: { ...hearing, valve }, valve, packages: packagesOf(hearing, agents) };
  });
  const follow = () => {
    for (const { valve, packages } of held) {
      if (packages.some((domain) => maintenance.over(domain) !== undefined)) valve.shut("maintenance");
      else valve.open("maintenance");
    }
  };
  maintenance.onChange(follow);
  follow();
  return held.map(({ hearing }) => hearing);
}

/**
 * A hearer writes what its agent keeps: so it is of the package of what it hears, and of those that its agent serves and has
 * sagas of.
 */
function packagesOf({ operation }: Hearing, agents: readonly Agent[]): readonly string[] {
  const agent = agents.find(({ name }) => name === operation.agent);
  const served = agent?.serves.map(({ service }) => service.file.proto.package) ?? [];
  const driven = agent?.sagas.map(({ domain }) => domain) ?? [];
  return [...new Set([operation.input.file.proto.package, ...served, ...driven])];
}
