// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { SagaStatus, type SagaSummary, SagaSummarySchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Broker } from "../broker/connection.ts";
import { lastSequence } from "../broker/journal-stream.ts";
import { keyToken } from "../broker/key-token.ts";
import { type Bucket, openBucket } from "../broker/key-value.ts";
import { storedAt } from "../broker/new-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";

/** Milliseconds that a saga that is over stays in the list; its history stays for ever. */
const endedTtlMs = 7 * 24 * 60 * 60_000;

/** Keys of turns; a saga's id holds a `/` and so is a token of another kind. */
const turnPrefix = "turn.";
const openPurpose = "sagas";
const endedPurpose = "sagas-ended";
/** Sequences that are looked at at once. */
const together = 32;
/** Sequences that are looked at for one page. */
const maxLooks = 1_024;

/** Where an index is. */
export interface IndexPlace {
  readonly namespace: string;
  readonly replicas?: number | undefined;
}

/** A saga that is over, with its place. */
export interface EndedEntry {
  readonly sequence: number;
  readonly summary: SagaSummary;
}

/**
 * Where sagas are found without knowing their ids. A hint each: the history is the truth, and what was noted in the moment of
 * a crash may be behind it.
 */
export class SagaIndex {
  readonly #broker: Broker;
  readonly #endedStream: string;
  readonly #open: Bucket;
  readonly #ended: Bucket;

  private constructor(broker: Broker, endedStream: string, buckets: { readonly open: Bucket; readonly ended: Bucket }) {
    this.#broker = broker;
    this.#endedStream = endedStream;
    this.#open = buckets.open;
    this.#ended = buckets.ended;
  }

  static async open(broker: Broker, { namespace, replicas }: IndexPlace): Promise<SagaIndex> {
    const [open, ended] = await Promise.all([
      openBucket(broker, { namespace, replicas, purpose: openPurpose }),
      openBucket(broker, { namespace, replicas, purpose: endedPurpose, ttlMs: endedTtlMs }),
    ]);
    return new SagaIndex(broker, `KV_${streamNames(namespace).bucket(endedPurpose)}`, { open, ended });
  }

  /** Notes how a saga stands. @param wasOpen whether it may have been noted before it was over */
  async note(summary: SagaSummary, wasOpen: boolean): Promise<void> {
    const key = keyToken(summary.sagaId);
    const value = toBinary(SagaSummarySchema, summary);
    if (!endedStatuses.has(summary.status)) return void (await this.#open.put(key, value));
    await this.#ended.put(key, value);
    if (wasOpen) await this.#open.delete(key);
  }

  /** All that are not over, as they were noted last. What nobody can read is left out and told of: the rest must go on. */
  async openSagas(): Promise<readonly SagaSummary[]> {
    const entries = [...(await this.#open.entries())].filter(([key]) => !key.startsWith(turnPrefix));
    return entries.flatMap(([key, { value }]) => {
      try {
        return [fromBinary(SagaSummarySchema, value)];
      } catch (error) {
        logger.error(
          { err: error, key },
          "an entry of the list of open sagas cannot be read; that saga is not looked after",
        );
        return [];
      }
    });
  }

  /** Takes the turn at what one host is to do every `everyMs` for an agent; false when another one has it. */
  async takeTurn(
    agent: string,
    { now, everyMs }: { readonly now: number; readonly everyMs: number },
  ): Promise<boolean> {
    const key = `${turnPrefix}${keyToken(agent)}`;
    const entry = await this.#open.get(key);
    const last = entry === undefined ? Number.NEGATIVE_INFINITY : Number(new TextDecoder().decode(entry.value));
    // One in the future was written by a clock that was wrong.
    if (now - last < everyMs && last <= now + everyMs) return false;
    const value = new TextEncoder().encode(String(now));
    try {
      await (entry === undefined ? this.#open.create(key, value) : this.#open.update(key, value, entry.revision));
      return true;
    } catch (thrown) {
      if (MeshError.from(thrown).code !== "CONFLICT") throw thrown;
      return false;
    }
  }

  /** Takes one out of those that are not over. */
  async forgetOpen({ sagaId }: SagaSummary): Promise<void> {
    await this.#open.delete(keyToken(sagaId));
  }

  /** Sagas that are over, the one that ended last first; as far back as one page looks. */
  async *endedSagas(below = Number.POSITIVE_INFINITY): AsyncGenerator<EndedEntry | { readonly stoppedAt: number }> {
    const last = Math.min(below - 1, await lastSequence(this.#broker, this.#endedStream));
    for (let top = last; top > 0; top -= together) {
      if (last - top >= maxLooks) return yield { stoppedAt: top + 1 };
      const sequences = Array.from({ length: Math.min(together, top) }, (_, index) => top - index);
      const found = await Promise.all(sequences.map((seq) => storedAt(this.#broker, this.#endedStream, { seq })));
      for (const message of found) {
        // Nothing where a newer entry of the same saga took its place, or its time was over.
        if (message === undefined || message.data.length === 0) continue;
        yield { sequence: message.seq, summary: fromBinary(SagaSummarySchema, message.data) };
      }
    }
  }
}

/** Statuses of sagas to which nothing happens any more. */
export const endedStatuses: ReadonlySet<SagaStatus> = new Set([
  SagaStatus.COMPLETED,
  SagaStatus.COMPENSATED,
  SagaStatus.RESOLVED,
]);
