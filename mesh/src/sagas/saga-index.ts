// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { SagaStatus, type SagaSummary, SagaSummarySchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Broker } from "../broker/connection.ts";
import { keyToken } from "../broker/key-token.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";

/** Milliseconds that a saga that is over stays in the list; its history stays for ever. */
const endedTtlMs = 7 * 24 * 60 * 60_000;

/** Where sagas are found without knowing their ids: a hint each, the history is the truth. */
export class SagaIndex {
  readonly #open: Bucket;
  readonly #ended: Bucket;

  private constructor(open: Bucket, ended: Bucket) {
    this.#open = open;
    this.#ended = ended;
  }

  static async open(broker: Broker, { namespace, replicas }: IndexPlace): Promise<SagaIndex> {
    const [open, ended] = await Promise.all([
      openBucket(broker, { namespace, replicas, purpose: openPurpose }),
      openBucket(broker, { namespace, replicas, purpose: endedPurpose, ttlMs: endedTtlMs }),
    ]);
    return new SagaIndex(open, ended);
  }

  /** Notes how a saga stands. One that ends without ever having waited is noted once. */
  async note(summary: SagaSummary): Promise<void> {
    const key = keyToken(summary.sagaId);
    const value = toBinary(SagaSummarySchema, summary);
    if (!endedStatuses.has(summary.status)) return void (await this.#open.put(key, value));
    await this.#ended.put(key, value);
    if ((await this.#open.get(key)) !== undefined) await this.#open.delete(key);
  }

  /** All that are not over, as they were noted last. */
  async openSagas(): Promise<readonly SagaSummary[]> {
    return [...(await this.#open.entries()).values()].map(({ value }) => fromBinary(SagaSummarySchema, value));
  }
}

/** Where an index is. */
export interface IndexPlace {
  readonly namespace: string;
  readonly replicas?: number | undefined;
}

/** Names of the buckets. */
export const openPurpose = "sagas";
export const endedPurpose = "sagas-ended";

const endedStatuses: ReadonlySet<SagaStatus> = new Set([
  SagaStatus.COMPLETED,
  SagaStatus.COMPENSATED,
  SagaStatus.RESOLVED,
]);
