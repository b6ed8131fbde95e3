// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethod } from "@bufbuild/protobuf";
import type { Contracts } from "../contracts/contracts.ts";
import { methodName } from "../contracts/method-contract.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import type { TakingOver } from "../pipeline/fall-back.ts";
import { asMessage } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import type { Fallback } from "./fallback.ts";

/** Which method takes over from which, and how, for the agents of a host. */
export class Fallbacks {
  readonly #contracts: Contracts;
  readonly #given: readonly (Fallback & { readonly agent: string })[];

  /**
   * @throws MeshError REFUSED when an agent gives a fallback that the contract does not name, or serves a method whose contract
   *   names one that cannot be made: it is not known how, it has no command policy where the method has one, or it leads back
   */
  constructor(agents: readonly Agent[], contracts: Contracts) {
    this.#contracts = contracts;
    this.#given = agents.flatMap(({ name, fallbacks }) => fallbacks.map((each) => ({ ...each, agent: name })));
    for (const { agent, from, to } of this.#given) this.#assertNamed(agent, from, to);
    for (const agent of agents) {
      for (const { service } of agent.serves) for (const desc of service.methods) this.#assertKept(agent, desc);
    }
  }

  /** What takes over from a method: as the agent says, else as another agent of this host does; undefined: nothing. */
  of(agent: string, contract: MethodContract): TakingOver | undefined {
    if (contract.fallback === undefined) return undefined;
    const given = this.#given.filter(({ from }) => methodName(from) === contract.name);
    const own = given.find((each) => each.agent === agent) ?? given[0];
    if (own !== undefined) {
      return {
        contract: this.#contracts.method(own.to),
        request(request, error) {
          const init = own.request(request, error);
          return init && asMessage(own.to.input, init);
        },
        reply: (reply) => asMessage(own.from.output, own.reply(reply)),
      };
    }
    const same = this.#contracts.methodNamed(contract.fallback);
    if (same === undefined || !isSame(contract.desc, same.desc)) return undefined;
    return { contract: same, request: (request) => request, reply: (reply) => reply };
  }

  #assertNamed(agent: string, from: DescMethod, to: DescMethod): void {
    const { name, fallback } = this.#contracts.method(from);
    if (fallback === methodName(to)) return;
    const named = fallback === undefined ? "names none" : `names "${fallback}"`;
    refuse(
      `agent "${agent}" lets "${methodName(to)}" take over from "${name}", whose contract ${named} as its fallback`,
    );
  }

  #assertKept({ name: agent }: Agent, desc: DescMethod): void {
    const contract = this.#contracts.method(desc);
    const { name, fallback: named } = contract;
    if (named === undefined) return;
    const to = this.of(agent, contract)?.contract;
    if (to === undefined) {
      refuse(
        `the contract of "${name}" lets "${named}" take over, and agent "${agent}" does not say how; ` +
          "add fallback(from, to, { request, reply }) to its fallbacks",
      );
    }
    if (contract.command !== undefined && to.command === undefined) {
      refuse(`"${name}" is run as a command, and "${named}", which takes over from it, has no command policy`);
    }
    this.#assertEnds(contract);
  }

  #assertEnds(first: MethodContract): void {
    const passed = [first.name];
    for (let next = first.fallback; next !== undefined; ) {
      if (passed.includes(next)) refuse(`the fallbacks of ${[...passed, next].join(" → ")} lead back`);
      passed.push(next);
      const given = this.#given.find(({ to }) => methodName(to) === next);
      next = (given === undefined ? this.#contracts.methodNamed(next) : this.#contracts.method(given.to))?.fallback;
    }
  }
}

function isSame(one: DescMethod, other: DescMethod): boolean {
  return one.input.typeName === other.input.typeName && one.output.typeName === other.output.typeName;
}

function refuse(message: string): never {
  throw new MeshError({ code: "REFUSED", message });
}
