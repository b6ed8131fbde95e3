// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { ServedMethod } from "../calls/served-methods.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { crashPoint } from "../crash-point.ts";
import { MeshError, thrownByHandler } from "../mesh-error.ts";
import type { Incoming, Operation } from "../pipeline/incoming.ts";
import type { Places } from "../pipeline/places.ts";
import { chain, type Next, type Reply, type Step } from "../pipeline/step.ts";
import { asMessage, createContext, type Voice } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import type { LiveContracts } from "./live-contracts.ts";
import type { ServedFunction } from "./serve.ts";

/**
 * The methods that the agents serve, each with its whole pipeline.
 *
 * @throws MeshError REFUSED when an agent serves what its contract gives to another agent, two serve the same, or a method
 *   streams its requests
 */
export function servedMethods(
  agents: readonly Agent[],
  build: {
    readonly contracts: Contracts;
    readonly steps: readonly Step<Incoming>[];
    readonly voice: Voice;
    readonly places: (contract: MethodContract) => Places;
    readonly live: LiveContracts;
  },
): Map<string, ServedMethod> {
  const served = new Map<string, ServedMethod>();
  for (const agent of agents) {
    for (const { service, implementation } of agent.serves) {
      for (const desc of service.methods) {
        const contract = build.contracts.method(desc);
        assertOwner(agent, contract.agent, service.typeName);
        if (!servedKinds.has(desc.methodKind)) {
          refuse(`"${contract.name}" streams its requests; agents serve unary and server-streaming methods`);
        }
        if (served.has(contract.name)) refuse(`"${contract.name}" is served by two agents of this host`);
        const operation: Operation = {
          kind: "call",
          name: contract.name,
          agent: agent.name,
          handler: desc.name,
          input: desc.input,
          asksOnly: contract.noSideEffects,
          timeoutMs: contract.timeoutMs,
          permission: contract.permission,
          places: build.places(contract),
        };
        build.live(contract, (now) => Object.assign(operation, { timeoutMs: now.timeoutMs }));
        const call = implementation[desc.localName];
        if (call === undefined) refuse(`agent "${agent.name}" has no implementation of "${contract.name}"`);
        const run: Next<Incoming> = async (incoming) => {
          const ctx = createContext(build.voice, {
            incoming,
            idempotencyKey: contract.idempotencyKey,
            ids: undefined,
          });
          return runHandler(desc, () => call(incoming.message, ctx));
        };
        served.set(contract.name, {
          desc,
          operation,
          handle: chain(build.steps, run),
        });
      }
    }
  }
  return served;
}

const servedKinds: ReadonlySet<DescMethod["methodKind"]> = new Set(["unary", "server_streaming"]);

/** Runs the author's function; whatever it throws says from then on that the handler has run. */
export async function runHandler(desc: DescMethod, run: () => ReturnType<ServedFunction>): Promise<Reply> {
  try {
    const result = await run();
    crashPoint("call.handled");
    if (desc.methodKind === "unary") return asMessage(desc.output, result);
    return eachAsMessage(desc, result as AsyncIterable<unknown>);
  } catch (thrown) {
    throw thrownByHandler(thrown);
  }
}

async function* eachAsMessage(desc: DescMethod, stream: AsyncIterable<unknown>): AsyncGenerator<Message> {
  try {
    for await (const init of stream) yield asMessage(desc.output, init);
  } catch (thrown) {
    // What was streamed before it has been seen.
    throw MeshError.from(thrown).with({ mayHaveRun: true });
  }
}

function assertOwner(agent: Agent, owner: string, service: string): void {
  if (agent.name === owner) return;
  refuse(`"${service}" belongs to agent "${owner}" by its contract; agent "${agent.name}" cannot serve it`);
}

function refuse(message: string): never {
  throw new MeshError({ code: "REFUSED", message });
}
