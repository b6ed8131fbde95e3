// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Contracts } from "../contracts/contracts.ts";
import type { EventContract } from "../contracts/policy.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { HearingGuards } from "../delivery/hearing-guards.ts";
import { Valve } from "../delivery/valve.ts";
import { MessageIds } from "../events/publisher.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import { chain, type Next, type Step } from "../pipeline/step.ts";
import { createContext, type Voice } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import { hearerGuard } from "./hearer-guard.ts";
import type { Heard } from "./on.ts";

/**
 * What the agents hear, each hearer with its whole pipeline.
 *
 * @throws MeshError PERMISSION_DENIED when an agent lacks the permission to hear an event; REFUSED when the contract promises
 *   its hearers what `on` does not keep
 */
export function hearings(
  agents: readonly Agent[],
  build: {
    readonly contracts: Contracts;
    readonly steps: readonly Step<Incoming>[];
    readonly voice: Voice;
  },
): Hearing[] {
  return agents.flatMap((agent) =>
    agent.hears.map((heard) => {
      const contract = build.contracts.event(heard.event);
      assertMayHear(agent, contract.hearPermission, contract.name);
      assertKept(agent, contract, heard);
      const operation: Operation = Object.freeze({
        kind: "event",
        name: contract.typeName,
        agent: agent.name,
        handler: heard.name,
        input: heard.event,
        asksOnly: false,
        timeoutMs: contract.timeoutMs,
        // Publishing was checked where it was published, hearing here; nothing is left to check per message.
        permission: undefined,
      });
      const run: Next<Incoming> = async (incoming) => {
        const ids = new MessageIds(agent.name, heard.name, incoming.header.messageId);
        await heard.handle(
          incoming.message,
          createContext(build.voice, {
            incoming,
            idempotencyKey: undefined,
            ids,
          }),
        );
        return undefined;
      };
      const valve = new Valve();
      return {
        contract,
        operation,
        valve,
        guards: new HearingGuards(valve, hearerGuard(operation, contract.breaker, build.voice.clock)),
        from: heard.from,
        handle: chain(build.steps, run),
      };
    }),
  );
}

/** A promise of the contract that nobody keeps is worse than no start. */
export function assertKept(
  agent: Agent,
  { name, delivery, signed }: EventContract,
  { commits, from }: Pick<Heard, "commits" | "from">,
): void {
  const promised = [
    delivery === "EFFECTIVELY_ONCE" && !commits && "is EFFECTIVELY_ONCE, which only onCommit can keep",
    delivery === "AT_MOST_ONCE" && from === "retained" && "is AT_MOST_ONCE, so nothing of it is retained",
    signed && "must be signed, which is not checked yet",
  ].find((why) => why !== false);
  if (promised === undefined) return;
  throw new MeshError({
    code: "REFUSED",
    message: `agent "${agent.name}" cannot hear "${name}" so: it ${promised}`,
  });
}

export function assertMayHear(agent: Agent, needed: string | undefined, event: string): void {
  if (needed === undefined || needed === "*" || agent.permissions.includes(needed)) return;
  throw new MeshError({
    code: "PERMISSION_DENIED",
    message: `hearing "${event}" needs permission "${needed}"; add it to the permissions of agent "${agent.name}"`,
  });
}
