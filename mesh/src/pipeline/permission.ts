// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";
import type { Incoming } from "./incoming.ts";
import type { Step } from "./step.ts";

/** Tells whether an agent holds a permission; asynchronous when it has to be looked up. */
export type Grants = (agent: string, permission: string) => boolean | Promise<boolean>;

/** Name of a caller that did not say who it is, such as a bare curl at an agent's own port. */
export const anonymous = "anonymous";

/**
 * Refuses a message whose sender lacks the permission that the contract asks for. The sender's name is what the message
 * says; proving it is the matter of the transport it came over.
 */
export function permission(grants: Grants): Step<Incoming> {
  return async (incoming, next) => {
    const needed = incoming.operation.permission;
    if (needed === undefined || needed === "*") return next(incoming);
    const sender = incoming.header.sourceAgentId;
    if (sender === anonymous) {
      throw new MeshError({
        code: "UNAUTHENTICATED",
        message: `"${incoming.operation.name}" needs permission "${needed}", and the caller did not say who it is`,
      });
    }
    if (!(await grants(sender, needed))) {
      throw new MeshError({
        code: "PERMISSION_DENIED",
        message: `"${incoming.operation.name}" needs permission "${needed}", which "${sender}" does not hold`,
      });
    }
    return next(incoming);
  };
}
