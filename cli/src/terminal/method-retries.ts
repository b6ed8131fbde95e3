// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MethodContract, RetryPlans } from "@parley/mesh/contracts";

/**
 * The retries that a method can ever see. Calls never retry INTERNAL, whatever the contract says in general; only commands,
 * which are on the durable path, do.
 */
export function methodRetries({ command, retries }: Pick<MethodContract, "command" | "retries">): RetryPlans {
  return command === undefined ? new Map([...retries].filter(([errorClass]) => errorClass !== "INTERNAL")) : retries;
}
