// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescService } from "@bufbuild/protobuf";
import { type AgentProfile, AgentRole as WireRole } from "@parley/contracts/parley/mesh/v1/directory_pb.js";

/** What kind of mind an agent has; mirrors parley.mesh.v1.AgentRole. */
export type AgentRole = "CREATIVE" | "DETERMINISTIC" | "HYBRID" | "SYSTEM";

/** Which instances are looked for. What is unset does not count; what is set must all be true. */
export interface AgentFilter {
  /** Serves it; by descriptor or full name. */
  readonly service?: DescService | string | undefined;
  /** Agent name, e.g. `outreach.sms`. */
  readonly name?: string | undefined;
  readonly role?: AgentRole | undefined;
  /** One of its capabilities, e.g. `sms`. */
  readonly capability?: string | undefined;
  /** Id of one of its skills. */
  readonly skill?: string | undefined;
  /** Name of one of its tools. */
  readonly tool?: string | undefined;
}

/** Finds instances that take calls now. */
export interface AgentFinder {
  /** Those that the filter means, by id; none is an empty list, never an error. */
  find(filter: AgentFilter): readonly AgentProfile[];
}

/** Whether a filter means an instance, whatever its status. */
export function isMeant(profile: AgentProfile, filter: AgentFilter): boolean {
  const { name, role, capability, skill, tool } = filter;
  const service = typeof filter.service === "object" ? filter.service.typeName : filter.service;
  return (
    (service === undefined || profile.services.includes(service)) &&
    (name === undefined || profile.name === name) &&
    (role === undefined || roleOf(profile) === role) &&
    (capability === undefined || profile.capabilities.includes(capability)) &&
    (skill === undefined || profile.skills.some(({ id }) => id === skill)) &&
    (tool === undefined || profile.tools.some((one) => one.name === tool))
  );
}

/** The word for an instance's role; one that is not known here is SYSTEM, as an unset one. */
export function roleOf({ role }: Pick<AgentProfile, "role">): AgentRole {
  return roles.get(role) ?? "SYSTEM";
}

const roles: ReadonlyMap<WireRole, AgentRole> = new Map([
  [WireRole.CREATIVE, "CREATIVE"],
  [WireRole.DETERMINISTIC, "DETERMINISTIC"],
  [WireRole.HYBRID, "HYBRID"],
]);
