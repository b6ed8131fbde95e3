// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "../agent/host-options.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { methodName } from "../contracts/method-contract.ts";
import type { EventContract, MethodContract } from "../contracts/policy.ts";
import { MeshError } from "../mesh-error.ts";
import { nearNames } from "../near-names.ts";

/** The contracts of all instances that are alive, made into one bundle again only when others are alive. */
export class MeshContracts {
  readonly #host: Host;
  #key: string | undefined;
  #all: Promise<Contracts> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** The bundle now. */
  async all(): Promise<Contracts> {
    const { directory, contractStore } = this.#host;
    const key = [...new Set(directory.all().map(({ contractDigest }) => contractDigest))].sort().join();
    if (this.#all !== undefined && key === this.#key) return this.#all;
    const all = contractStore.all(directory);
    this.#key = key;
    this.#all = all;
    // What failed is tried again when it is next asked for.
    all.catch(() => {
      if (this.#all === all) this.#all = undefined;
    });
    return all;
  }

  /**
   * The event of that full name, contract name or alias.
   *
   * @throws MeshError UNKNOWN_TYPE with names that are near
   */
  async event(name: string): Promise<EventContract> {
    const contracts = await this.all();
    return (
      contracts.eventNamed(name) ?? unknown({ what: "event", name, known: contracts.events.map((event) => event.name) })
    );
  }

  /**
   * The method of that full name, `package.Service/Method`.
   *
   * @throws MeshError UNKNOWN_TYPE with names that are near
   */
  async method(name: string): Promise<MethodContract> {
    const contracts = await this.all();
    const methods = contracts.services.flatMap((service) => service.methods.map(methodName));
    return contracts.methodNamed(name) ?? unknown({ what: "method", name, known: methods });
  }
}

interface Unknown {
  readonly what: "event" | "method";
  readonly name: string;
  readonly known: readonly string[];
}

function unknown({ what, name, known }: Unknown): never {
  const near = nearNames(name, known);
  const advice =
    near.length > 0
      ? `did you mean ${near.join(" or ")}?`
      : `known are ${known.slice(0, 3).join(", ") || "none"}${known.length > 3 ? " and others" : ""}; parley contracts lists them`;
  throw new MeshError({
    code: "UNKNOWN_TYPE",
    message: `no ${what} ${JSON.stringify(name.slice(0, 200))} in the contracts of the mesh; ${advice}`,
  });
}
