// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AgentProfile,
  AgentProfileSchema,
  InstanceStatus,
  WireProtocol,
  AgentRole as WireRole,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { newId } from "../ids.ts";
import type { Agent } from "./define-agent.ts";

/** What the profiles of one host's agents have in common. */
export interface ProfileInit {
  readonly endpoint: string;
  readonly contractDigest: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Share of calls under weighted balancing. */
  readonly weight: number;
}

/** The profile of a new instance of an agent, not yet taking calls. */
export function profileOf(agent: Agent, init: ProfileInit): AgentProfile {
  const { endpoint, contractDigest, startedAt, weight } = init;
  return create(AgentProfileSchema, {
    id: newId(),
    name: agent.name,
    role: WireRole[agent.role],
    description: agent.description,
    services: agent.serves.map(({ service }) => service.typeName),
    hears: [...new Set(agent.hears.map(({ event }) => event.typeName))],
    permissions: [...agent.permissions],
    capabilities: [...agent.capabilities],
    skills: agent.skills.map(({ id, name = "", description = "" }) => ({ id, name, description })),
    tools: agent.tools.map(({ name, description = "" }) => ({ name, description })),
    model: agent.model,
    endpoint,
    protocol: WireProtocol.CONNECT,
    weight,
    status: InstanceStatus.STARTING,
    contractDigest,
    version: agent.version,
    startedAt: timestampFromMs(startedAt),
  });
}
