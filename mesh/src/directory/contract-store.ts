// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";
import { Contracts } from "../contracts/contracts.ts";
import type { Directory } from "./directory.ts";

/**
 * The contracts of every instance in the mesh, by the digest in its profile. So gateways and operators serve and show
 * contracts that they were not built with.
 */
export class ContractStore {
  readonly #bucket: Bucket;
  readonly #decoded = new Map<string, Contracts>();

  private constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  static async open(broker: Broker, namespace: string): Promise<ContractStore> {
    return new ContractStore(await openBucket(broker, { namespace, purpose: "contracts" }));
  }

  /** Puts contracts where others find them. */
  async keep(contracts: Contracts): Promise<void> {
    const { digest, fileDescriptorSet } = contracts;
    if ((await this.#bucket.get(digest)) === undefined) await this.#bucket.put(digest, fileDescriptorSet);
    this.#decoded.set(digest, contracts);
  }

  /** The contracts with that digest; undefined when nobody kept them. */
  async of(digest: string): Promise<Contracts | undefined> {
    const known = this.#decoded.get(digest);
    if (known !== undefined) return known;
    const entry = await this.#bucket.get(digest);
    if (entry === undefined) return undefined;
    const contracts = Contracts.decode(entry.value);
    this.#decoded.set(digest, contracts);
    return contracts;
  }

  /** The contracts of all instances that are alive, as one bundle; where two differ, those of the younger instance count. */
  async all(directory: Directory): Promise<Contracts> {
    const byStart = [...directory.all()].sort((a, b) =>
      Number((b.startedAt?.seconds ?? 0n) - (a.startedAt?.seconds ?? 0n)),
    );
    let all = Contracts.of({});
    for (const digest of new Set(byStart.map(({ contractDigest }) => contractDigest))) {
      const contracts = await this.of(digest);
      if (contracts !== undefined) all = all.merge(contracts);
    }
    return all;
  }
}
