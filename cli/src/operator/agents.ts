// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type MessageInitShape, toJson } from "@bufbuild/protobuf";
import {
  AgentChange,
  type AgentFilterSchema,
  AgentInstanceSchema,
  AgentRole,
  DirectoryService,
  InstanceStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { agentLine, agentPage, agentsTable } from "../terminal/agents-text.ts";
import { interruption } from "../terminal/interruption.ts";
import { show } from "../terminal/show.ts";
import { styleFor } from "../terminal/style.ts";
import { UsageError } from "../usage-error.ts";
import { meshClient } from "./mesh-client.ts";
import type { OperatorChoice } from "./operator-choice.ts";

/** Which instances are meant, as it is typed. */
export interface AgentsChoice extends OperatorChoice {
  readonly name?: string | undefined;
  readonly service?: string | undefined;
  readonly role?: string | undefined;
  readonly capability?: string | undefined;
  readonly skill?: string | undefined;
  readonly tool?: string | undefined;
  readonly status?: string | undefined;
}

/** Prints the instances that are meant. */
export async function listAgents(choice: AgentsChoice): Promise<void> {
  const { instances } = await meshClient(DirectoryService, choice).listAgents({ filter: filterOf(choice) });
  show(choice.output, {
    json: () => instances.map((one) => toJson(AgentInstanceSchema, one)),
    table: (style) => agentsTable(instances, style),
  });
}

/** Prints all that is known of the instances of an agent, or of one. @throws UsageError when there is none */
export async function showAgents(agent: string, choice: OperatorChoice): Promise<void> {
  const { instances } = await meshClient(DirectoryService, choice).listAgents({});
  const meant = instances.filter(({ profile }) => profile?.name === agent || profile?.id === agent);
  if (meant.length === 0) {
    const names = [...new Set(instances.map(({ profile }) => profile?.name ?? ""))].sort();
    throw new UsageError(`no agent and no instance is called "${agent}"`, `There are ${names.join(", ") || "none"}.`);
  }
  show(choice.output, {
    json: () => meant.map((one) => toJson(AgentInstanceSchema, one)),
    table: (style) => meant.flatMap((one, index) => [...(index > 0 ? [""] : []), ...agentPage(one, style)]),
  });
}

/** Prints instances as they come, change and go, until it is interrupted or the mesh ends. */
export async function watchAgents(choice: AgentsChoice): Promise<void> {
  const style = styleFor(process.stdout);
  const signal = interruption();
  try {
    const changes = meshClient(DirectoryService, choice).watchAgents({ filter: filterOf(choice) }, { signal });
    for await (const { change, instance } of changes) {
      if (instance === undefined) continue;
      const text =
        choice.output === "json"
          ? JSON.stringify({ change: AgentChange[change], instance: toJson(AgentInstanceSchema, instance) })
          : agentLine(AgentChange[change] ?? "", instance, style);
      process.stdout.write(`${text}\n`);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function filterOf(choice: AgentsChoice): MessageInitShape<typeof AgentFilterSchema> {
  const { name = "", service = "", role = "", capability = "", skill = "", tool = "", status = "" } = choice;
  return {
    name,
    service,
    capability,
    skill,
    tool,
    role: AgentRole[role.toUpperCase() as keyof typeof AgentRole] ?? AgentRole.UNSPECIFIED,
    status: InstanceStatus[status.toUpperCase() as keyof typeof InstanceStatus] ?? InstanceStatus.UNSPECIFIED,
  };
}
