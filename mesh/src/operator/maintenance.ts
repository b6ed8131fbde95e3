// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { MaintenanceSchema, MaintenanceService } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import { MeshError } from "../mesh-error.ts";
import { tell, tellUntold } from "./maintenance-news.ts";

/** What operators expect of a maintenance of which they say nothing. */
const expectedMs = 10 * 60_000;

/** Serves MaintenanceService; the board in the broker decides, the events tell of it: see {@link announceMaintenances}. */
export function maintenanceService(attached: () => Promise<Host>): Served {
  return serve(MaintenanceService, {
    async beginMaintenance({ domain, reason, author, expected }, ctx) {
      const host = await attached();
      await assertKnown(host, domain);
      const now = ctx.clock.now();
      const maintenance = create(MaintenanceSchema, {
        domain,
        reason,
        author,
        beganAt: timestampFromMs(now),
        expectedEnd: timestampFromMs(now + (expected === undefined ? expectedMs : durationMs(expected))),
      });
      // The end of the one before is told before the next one begins.
      await tellUntold(host, ctx.agent);
      await tell(host, await host.maintenance.begin(maintenance), { source: ctx.agent, header: ctx.header });
      return { maintenance };
    },
    async endMaintenance({ domain, author }, ctx) {
      const host = await attached();
      // Its own beginning, where whoever noted that was gone before telling it.
      await tellUntold(host, ctx.agent);
      const ended = await host.maintenance.end(domain, author);
      await tell(host, ended, { source: ctx.agent, header: ctx.header });
      return { maintenance: ended.maintenance };
    },
    async listMaintenances() {
      return { maintenances: [...(await attached()).maintenance.all()] };
    },
  });
}

/** A maintenance of a misspelt package would protect nothing. */
async function assertKnown(host: Host, domain: string): Promise<void> {
  if (domain === "") return;
  const { domains } = await host.contractStore.all(host.directory);
  if (domains.includes(domain)) return;
  const known = domains.length === 0 ? "there are none" : `there are ${domains.join(", ")}`;
  throw new MeshError({ code: "NOT_FOUND", message: `no instance serves or knows a package "${domain}"; ${known}` });
}
