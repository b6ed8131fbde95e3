// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "../clock.ts";
import { type OutsideContract, outsideContracts } from "../contracts/outside-contract.ts";
import { MeshError } from "../mesh-error.ts";
import type { Operation } from "../pipeline/incoming.ts";
import { Guard } from "../resilience/guard.ts";
import { recordBreakerState } from "../telemetry/metrics.ts";
import { bounded, openBudget } from "../time-budget.ts";
import type { Agent } from "./define-agent.ts";

interface Outside extends OutsideContract {
  readonly service: string;
  readonly guard: Guard | undefined;
}

/** One request to an outside system. */
export interface OutsideRequest<T> {
  readonly operation: Operation;
  readonly name: string;
  /** Of the handler. */
  readonly signal: AbortSignal;
  readonly request: (signal: AbortSignal) => Promise<T> | T;
}

/** The outside systems of the agents of a host, each with its one breaker in this process. */
export class OutsideSystems {
  readonly #clock: Clock;
  readonly #ofAgent = new Map<string, readonly Outside[]>();

  constructor(agents: readonly Agent[], clock: Clock) {
    this.#clock = clock;
    for (const agent of agents) {
      const systems = agent.serves.flatMap(({ service }) =>
        outsideContracts(service).map((contract) => outside(service.typeName, contract, clock)),
      );
      this.#ofAgent.set(agent.name, systems);
    }
  }

  /** The breakers that commands of a service wait for. */
  guardsOf(service: string): readonly Guard[] {
    const systems = [...this.#ofAgent.values()].flat().filter((system) => system.service === service);
    return systems.flatMap(({ guard }) => guard ?? []);
  }

  /**
   * Makes a request by the policy of the outside system: of that name in the service that is served, else in another one of
   * the same agent.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when no contract names it; BREAKER_OPEN with the time after which a repeat makes
   *   sense, the request is not made; DEADLINE_EXCEEDED; else what the request throws
   */
  async run<T>({ operation, name, signal, request }: OutsideRequest<T>): Promise<T> {
    const { timeoutMs, guard } = this.#find(operation, name);
    const admission = guard?.admit();
    if (guard !== undefined && admission === undefined) throw refused(name, guard);
    try {
      const result = await this.#within(timeoutMs, { name, signal, request });
      admission?.succeeded();
      return result;
    } catch (error) {
      admission?.failed(error);
      throw error;
    }
  }

  async #within<T>(
    timeoutMs: number | undefined,
    { name, signal, request }: Omit<OutsideRequest<T>, "operation">,
  ): Promise<T> {
    const begin = async (bound: AbortSignal) => request(bound);
    if (timeoutMs === undefined) return bounded(begin(signal), signal);
    using budget = openBudget({ clock: this.#clock, timeoutMs, what: `outside system ${name}`, parent: signal });
    return await bounded(begin(budget.signal), budget.signal);
  }

  #find({ agent, name: operation }: Operation, name: string): Outside {
    const [service] = operation.split("/");
    const all = this.#ofAgent.get(agent) ?? [];
    const named = all.filter((system) => system.name === name);
    const found = named.find((system) => system.service === service) ?? named[0];
    if (found !== undefined) return found;
    const known = [...new Set(all.map((system) => `"${system.name}"`))].join(", ") || "none";
    const message =
      `no service of agent "${agent}" names an outside system ${JSON.stringify(name.slice(0, 60))}, they name ${known}; ` +
      "write option (parley.mesh.v1.service) = { outside: { name: … } }";
    throw new MeshError({ code: "CONTRACT_INCOMPLETE", message });
  }
}

function outside(service: string, contract: OutsideContract, clock: Clock): Outside {
  const { name, breaker: plan } = contract;
  const onChange = (state: Guard["state"]) => recordBreakerState({ outside: name, service }, state);
  const guard = plan && new Guard({ name: `outside system "${name}"`, plan, clock, onChange });
  return { ...contract, service, guard };
}

function refused(name: string, guard: Guard): MeshError {
  return new MeshError({
    code: "BREAKER_OPEN",
    message: `too many requests to outside system "${name}" failed; its breaker is ${guard.state}`,
    retryAfterMs: guard.retryAfterMs,
    // By it the durable path knows what to wait for.
    cause: guard,
  });
}
