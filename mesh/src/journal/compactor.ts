// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { purgeBelow, sourcedFloor } from "../broker/journal-stream.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { crashPoint } from "../crash-point.ts";
import { logger } from "../telemetry/logger.ts";
import type { Committed } from "./committed.ts";
import type { DraftedKey } from "./draft.ts";
import { addressOf } from "./read-key.ts";

/**
 * Removes the events of a key that its newest snapshot covers, where the journal allows it: never the key's last event, and
 * never what EVENTS and COMMANDS have not stored yet. Runs after commits and beside them; what it misses, the next snapshot
 * of the key makes up for.
 */
export class Compactor {
  readonly #broker: Broker;
  readonly #subjects: Subjects;
  readonly #running = new Set<Promise<void>>();

  constructor(broker: Broker, subjects: Subjects) {
    this.#broker = broker;
    this.#subjects = subjects;
  }

  /** Compacts the keys of a commit that a snapshot was stored of. */
  consider({ composition, appended, keys }: Committed): void {
    for (const key of keys) {
      if (!key.at.journal.compact) continue;
      const last = appended[composition.lastOf.get(key) ?? -1]?.sequence ?? 0;
      if (composition.snapshots.get(key) !== "stored" || last === 0) continue;
      const work = this.#compact(key, last)
        .catch((error: unknown) => logger.warn({ err: error }, `compaction of key "${key.at.key}" did not succeed`))
        .finally(() => this.#running.delete(work));
      this.#running.add(work);
    }
  }

  /** Resolves when nothing is being compacted any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #compact({ at }: DraftedKey, lastSequence: number): Promise<void> {
    crashPoint("commit.before-compaction");
    const stream = streamNames(this.#subjects.namespace).journal(at.journal.domain);
    const sourced = await sourcedFloor(this.#broker, stream);
    const below = Math.min(lastSequence, sourced + 1);
    if (below <= 1) return;
    await purgeBelow(this.#broker, stream, { filter: this.#subjects.stateOf(addressOf(at)), sequence: below });
    crashPoint("commit.after-compaction");
  }
}
