// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { EventContract } from "../contracts/policy.ts";
import type { Directory } from "../directory/directory.ts";
import { MeshError } from "../mesh-error.ts";
import type { Grants } from "../pipeline/permission.ts";
import type { Agent } from "./define-agent.ts";

/** How long a sender that the directory does not know yet may take to appear in it, in milliseconds. */
const unknownSenderMs = 1_000;

/**
 * Which permissions an agent holds: what the agents of this host say of themselves, and what the profiles of all others
 * in the directory say. A sender that is not in it yet may just have started, so it is looked for once more.
 */
export function grantsOf(agents: readonly Agent[], directory: Directory): Grants {
  const here = new Map(agents.map(({ name, permissions }) => [name, new Set(permissions)]));
  const inDirectory = (agent: string) => directory.all().filter(({ name }) => name === agent);
  return async (agent, permission) => {
    const own = here.get(agent);
    if (own !== undefined) return own.has(permission);
    if (inDirectory(agent).length === 0) await directory.changed(unknownSenderMs);
    return inDirectory(agent).some(({ permissions }) => permissions.includes(permission));
  };
}

/** Refuses to let an agent of this host publish an event whose contract asks for a permission that it does not hold. */
export function mayPublishOf(agents: readonly Agent[]): (agent: string, contract: EventContract) => void {
  const held = new Map(agents.map(({ name, permissions }) => [name, new Set(permissions)]));
  return (agent, { name, publishPermission: needed }) => {
    if (needed === undefined || needed === "*" || held.get(agent)?.has(needed)) return;
    const message = `publishing "${name}" needs permission "${needed}", which "${agent}" does not hold`;
    throw new MeshError({ code: "PERMISSION_DENIED", message });
  };
}
