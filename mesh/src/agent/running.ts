// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { CommandRuns } from "../commands/command-runs.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { CommandContract, MethodContract } from "../contracts/policy.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { HearingGuards } from "../delivery/hearing-guards.ts";
import { Valve } from "../delivery/valve.ts";
import { MessageIds } from "../events/publisher.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Places } from "../pipeline/places.ts";
import { chain, type Next, type Step } from "../pipeline/step.ts";
import { commitsAlone } from "./by-commit.ts";
import { createContext, type Voice } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import { hearerGuard } from "./hearer-guard.ts";
import type { LiveContracts } from "./live-contracts.ts";
import type { ServedFunction } from "./serve.ts";
import { runHandler } from "./serving.ts";

interface Build {
  readonly contracts: Contracts;
  readonly steps: readonly Step<Incoming>[];
  readonly voice: Voice;
  readonly places: (contract: MethodContract) => Places;
  readonly runs: CommandRuns;
  readonly live: LiveContracts;
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
        assertKept(contract, contract.command, call);
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

function hearing(
  agent: Agent,
  { contract, command, call }: Runnable,
  { steps, voice, runs, places: placesOf, live }: Build,
): Hearing {
  const { desc, name, priority, serviceName, timeoutMs, retries, idempotencyKey } = contract;
  const places = placesOf(contract);
  const operation: Operation = {
    kind: "command",
    name,
    agent: agent.name,
    handler: name,
    input: desc.input,
    asksOnly: contract.noSideEffects,
    timeoutMs,
    // The sender's permission was checked when it dispatched.
    permission: undefined,
    places,
  };
  const run: Next<Incoming> = async (incoming) => {
    const ids = new MessageIds(agent.name, name, incoming.header.messageId);
    const ctx = createContext(voice, { incoming, idempotencyKey, ids });
    return runHandler(desc, () => call(incoming.message, ctx));
  };
  const work = { places, output: desc.output, handle: chain(steps, run) };
  const valve = new Valve();
  const guardBy = (plan: MethodContract["breaker"]) => hearerGuard(operation, plan, voice.clock);
  const guards = new HearingGuards(valve, guardBy(contract.breaker), voice.outside.guardsOf(serviceName));
  const kept = { delivery: command.delivery, retries, priority, ordered: command.orderKey !== undefined };
  let plan = contract.breaker;
  live(contract, (now) => {
    Object.assign(operation, { timeoutMs: now.timeoutMs });
    kept.retries = now.retries;
    if (now.breaker !== plan) guards.replace(guardBy(now.breaker));
    plan = now.breaker;
  });
  return {
    contract: kept,
    operation,
    // Whoever dispatched before the first instance was there meant it to be done all the same.
    from: "retained",
    valve,
    guards,
    handle: (incoming) => runs.run(incoming, work),
    maxConcurrency: places.most,
    onResize: (listener) => live(contract, (now) => listener(now.maxConcurrency)),
  };
}

/** A promise of the contract that nobody keeps is worse than no start. */
function assertKept({ name }: MethodContract, { delivery }: CommandContract, call: ServedFunction): void {
  const why = [
    delivery === "AT_MOST_ONCE" && "they are AT_MOST_ONCE, and a command is run again after a crash",
    delivery === "EFFECTIVELY_ONCE" && !commitsAlone(call) && "they are EFFECTIVELY_ONCE, which only byCommit can keep",
  ].find((one) => one !== false);
  if (why === undefined) return;
  throw new MeshError({ code: "REFUSED", message: `commands of "${name}" cannot be run: ${why}` });
}
