// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MethodContract } from "../contracts/policy.ts";
import type { Overlays } from "../overlay/overlays.ts";

/** Tells what keeps a part of a method's contract how that contract holds, now and after each change. */
export type LiveContracts = (contract: MethodContract, onChange: (now: MethodContract) => void) => void;

/**
 * For what reads a contract once, when the host starts: it is called back when an overlay comes or goes. Costs a message
 * nothing. What is in progress when a contract changes ends under the one it began with, or under the new one.
 */
export function liveContracts(overlays: Overlays): LiveContracts {
  const followers = new Map<string, (() => void)[]>();
  overlays.onChange(({ method }) => {
    for (const follow of followers.get(method) ?? []) follow();
  });
  return (contract, onChange) => {
    const follow = () => onChange(overlays.of(contract));
    followers.set(contract.name, [...(followers.get(contract.name) ?? []), follow]);
    if (overlays.of(contract) !== contract) follow();
  };
}
