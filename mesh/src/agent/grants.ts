// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import type { EventContract, MethodContract } from "../contracts/policy.ts";
import type { Directory } from "../directory/directory.ts";
import { MeshError } from "../mesh-error.ts";
import type { Grants } from "../pipeline/permission.ts";
import type { Agent } from "./define-agent.ts";

/** How long a sender that the directory does not know yet may take to appear in it, in milliseconds. */
const unknownSenderMs = 1_000;

/**
 * Which permissions an agent holds: what the agents of this host say of themselves, and what the profiles of all others
 * in the directory say. A sender that is not in it yet may just have started, so it is waited for a little.
 */
export function grantsOf(agents: readonly Agent[], directory: Directory): Grants {
  const here = new Map(agents.map(({ name, permissions }) => [name, new Set(permissions)]));
  const inDirectory = (agent: string) => directory.all().filter(({ name }) => name === agent);
  return async (agent, permission) => {
    const own = here.get(agent);
    if (own !== undefined) return own.has(permission);
    const deadline = performance.now() + unknownSenderMs;
    for (let leftMs = unknownSenderMs; leftMs > 0 && inDirectory(agent).length === 0; ) {
      await directory.changed(leftMs);
      leftMs = deadline - performance.now();
    }
    return inDirectory(agent).some(({ permissions }) => permissions.includes(permission));
  };
}

/** What the agents of this host may send with a commit; asks nobody, since deciding is synchronous. */
export interface HeldPermissions {
  /** @throws MeshError PERMISSION_DENIED when the event's contract asks for a permission that the agent does not hold */
  readonly assertMayPublish: (agent: string, contract: EventContract) => void;
  /** @throws MeshError PERMISSION_DENIED when the method's contract asks for a permission that the agent does not hold */
  readonly assertMayDispatch: (agent: string, contract: MethodContract) => void;
}

/** What the agents of this host say of themselves. */
export function heldPermissions(agents: readonly Agent[]): HeldPermissions {
  const held = new Map(agents.map(({ name, permissions }) => [name, new Set(permissions)]));
  const assertHeld = (agent: string, needed: string | undefined, what: string) => {
    if (needed === undefined || needed === "*" || held.get(agent)?.has(needed)) return;
    const message = `${what} needs permission "${needed}", which "${agent}" does not hold`;
    throw new MeshError({ code: "PERMISSION_DENIED", message });
  };
  return {
    assertMayPublish: (agent, { name, publishPermission }) =>
      assertHeld(agent, publishPermission, `publishing "${name}"`),
    assertMayDispatch: (agent, { name, permission }) => assertHeld(agent, permission, `dispatching "${name}"`),
  };
}
