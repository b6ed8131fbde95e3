// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Gate } from "../broker/gate.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { CommandContract, MethodContract } from "../contracts/policy.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { MessageIds } from "../events/publisher.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import { chain, type Next, type Step } from "../pipeline/step.ts";
import { createContext, type Voice } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import type { ServedFunction } from "./serve.ts";
import { runHandler } from "./serving.ts";

interface Build {
  readonly contracts: Contracts;
  readonly steps: readonly Step<Incoming>[];
  readonly voice: Voice;
}

/**
 * The methods that the agents run commands of, each with its whole pipeline around the very handler that serves calls.
 *
 * @throws MeshError REFUSED when the contract promises for commands what is not kept
 */
export function commandHearings(agents: readonly Agent[], build: Build): Hearing[] {
  return agents.flatMap((agent) =>
    agent.serves.flatMap(({ service, implementation }) =>
      service.methods.flatMap((desc) => {
        const contract = build.contracts.method(desc);
        const call = implementation[desc.localName];
        // A policy that a service gives to all its methods does not reach those that stream.
        if (contract.command === undefined || desc.methodKind !== "unary" || call === undefined) return [];
        assertKept(contract, contract.command);
        return [hearing(agent, { contract, command: contract.command, call }, build)];
      }),
    ),
  );
}

interface Runnable {
  readonly contract: MethodContract;
  readonly command: CommandContract;
  readonly call: ServedFunction;
}

function hearing(agent: Agent, { contract, command, call }: Runnable, { steps, voice }: Build): Hearing {
  const { desc, name, timeoutMs, retries, maxConcurrency, idempotencyKey } = contract;
  const operation: Operation = Object.freeze({
    kind: "command",
    name,
    agent: agent.name,
    handler: name,
    input: desc.input,
    asksOnly: contract.noSideEffects,
    timeoutMs,
    // The sender's permission was checked when it dispatched.
    permission: undefined,
    maxConcurrency: Number.POSITIVE_INFINITY,
  });
  const run: Next<Incoming> = async (incoming) => {
    const ids = new MessageIds(agent.name, name, incoming.header.messageId);
    const ctx = createContext(voice, { incoming, idempotencyKey, ids });
    return runHandler(desc, () => call(incoming.message, ctx));
  };
  const piped = chain(steps, run);
  const gate = new Gate(maxConcurrency);
  return {
    contract: { delivery: command.delivery, retries },
    operation,
    // Whoever dispatched before the first instance was there meant it to be done all the same.
    from: "retained",
    handle: (incoming) =>
      gate.run(async () => {
        incoming.signal?.throwIfAborted();
        return piped(incoming);
      }),
  };
}

/** A promise of the contract that nobody keeps is worse than no start. */
function assertKept({ name }: MethodContract, { delivery, orderKey }: CommandContract): void {
  const promised = [
    orderKey !== undefined && "have an order key, and order is not kept yet",
    delivery === "AT_MOST_ONCE" && "are AT_MOST_ONCE, and a command is run again after a crash",
  ].find((why) => why !== false);
  if (promised === undefined) return;
  throw new MeshError({ code: "REFUSED", message: `commands of "${name}" cannot be run: they ${promised}` });
}
