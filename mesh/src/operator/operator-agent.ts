// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SystemMaintenanceSchema, SystemReadySchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { OperatorService } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import { type Agent, defineAgent } from "../agent/define-agent.ts";
import type { Host } from "../agent/host-options.ts";
import { serve } from "../agent/serve.ts";
import { Subjects } from "../broker/subjects.ts";
import { wireHeader } from "../wire-header.ts";
import { commandService } from "./command-service.ts";
import { directoryService } from "./directory-service.ts";
import { deadLetterService } from "./letters/service.ts";
import { maintenanceService } from "./maintenance.ts";
import { announceMaintenances } from "./maintenance-news.ts";
import { MeshContracts } from "./mesh-contracts.ts";
import { announceExpiries, policyOverlayService } from "./policy-overlays.ts";
import { HandPublisher } from "./publish-event.ts";
import { replayService } from "./replay/service.ts";
import { sagaService } from "./saga-service.ts";
import { shownEvent } from "./shown-event.ts";
import { streamService } from "./streams.ts";
import { tail } from "./tail.ts";
import { traceService } from "./trace.ts";

/** The operator's agent, and how it gets to know the mesh that it looks into. */
export interface Operator {
  /** Give it to a host. */
  readonly agent: Agent;
  /** Give it that very host as soon as it stands; calls that come earlier wait for it. */
  attach(host: Host): void;
}

/** How the operator's agent is made. */
export interface OperatorOptions {
  /** What it may do in the name of whoever asks it, such as dispatch a command that needs a permission. Default: nothing. */
  readonly permissions?: readonly string[] | undefined;
}

const name = "mesh.operator";

/**
 * The agent `mesh.operator`: serves the services by which command line and console look into a mesh and act on it.
 *
 *     const operator = operatorAgent();
 *     const mesh = await host({ agents: [...agents, operator.agent] });
 *     operator.attach(mesh);
 */
export function operatorAgent({ permissions = [] }: OperatorOptions = {}): Operator {
  const attached = Promise.withResolvers<Desk>();
  const hosted = async () => (await attached.promise).host;
  const agent = defineAgent({
    name,
    description: "Shows the mesh to its operators and does what they ask for.",
    role: "SYSTEM",
    permissions,
    publishes: [SystemMaintenanceSchema, SystemReadySchema],
    serves: [
      maintenanceService(hosted),
      deadLetterService(() => attached.promise),
      replayService(() => attached.promise),
      traceService(hosted),
      streamService(hosted),
      commandService(() => attached.promise),
      sagaService(hosted),
      directoryService(() => attached.promise),
      policyOverlayService(() => attached.promise),
      serve(OperatorService, {
        async getContracts() {
          const { contracts } = await attached.promise;
          return { fileDescriptorSet: (await contracts.all()).fileDescriptorSet };
        },
        async publishEvent(request) {
          const { publisher } = await attached.promise;
          return { header: wireHeader(await publisher.publish(request, name)) };
        },
        async *tailEvents({ events }, { signal }) {
          const { host, contracts } = await attached.promise;
          const subjects = new Subjects(host.namespace);
          const named = await Promise.all(events.map((event) => contracts.event(event)));
          const filters = named.map(({ typeName }) => subjects.heardEvent(typeName));
          const all = tail(host, { filters: filters.length === 0 ? [subjects.all("evt")] : filters, signal });
          for await (const message of all) yield shownEvent(message, await contracts.all());
        },
      }),
    ],
  });
  return {
    agent,
    attach(host) {
      const contracts = new MeshContracts(host);
      announceExpiries(host, name);
      announceMaintenances(host, name);
      attached.resolve({ host, contracts, publisher: new HandPublisher(host, contracts) });
    },
  };
}

/** What the operator works with. */
interface Desk {
  readonly host: Host;
  readonly contracts: MeshContracts;
  readonly publisher: HandPublisher;
}
