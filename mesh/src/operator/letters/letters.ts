// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../../broker/connection.ts";
import { removeMessage } from "../../broker/remove-message.ts";
import { streamNames } from "../../broker/stream-names.ts";
import { backwards, extent, forwards } from "../../broker/stream-scan.ts";
import { Subjects } from "../../broker/subjects.ts";
import { MeshError } from "../../mesh-error.ts";
import { type Letter, letterIn } from "./letter.ts";
import type { LetterFilter } from "./letter-filter.ts";

/** The dead letters of a mesh. However many there are, few are in memory at once. */
export class Letters {
  readonly #broker: Broker;
  readonly #stream: string;
  readonly #subjects: Subjects;

  constructor(broker: Broker, namespace: string) {
    this.#broker = broker;
    this.#stream = streamNames(namespace).dead;
    this.#subjects = new Subjects(namespace);
  }

  /** @throws MeshError NOT_FOUND when it is not there, or not any more */
  async find(id: string): Promise<Letter> {
    const query = { stream: this.#stream, filter: this.#subjects.deadLetters({ id }), to: Number.MAX_SAFE_INTEGER };
    for await (const entry of forwards(this.#broker, query)) return letterIn(entry);
    const message = `there is no dead letter ${JSON.stringify(id.slice(0, 80))}: it was redriven or discarded, its 30 days are over, or it never was; \`parley dlq list\` shows those that are there`;
    throw new MeshError({ code: "NOT_FOUND", message });
  }

  /** Newest first. @param below only those with a lower sequence; default: all */
  async *newest(filter: LetterFilter, below?: number): AsyncGenerator<Letter> {
    if (filter.ids.length > 0) return yield* this.#named(filter, below);
    const query = { stream: this.#stream, filter: this.#subjects.deadLetters(filter) };
    for await (const entry of backwards(this.#broker, query, below)) yield letterIn(entry);
  }

  /** Oldest first, of those that are there now: what dies meanwhile is not among them. */
  async *oldest(filter: LetterFilter): AsyncGenerator<Letter> {
    if (filter.ids.length > 0) return yield* (await Array.fromAsync(this.#named(filter))).toReversed();
    const { last } = await extent(this.#broker, this.#stream);
    const query = { stream: this.#stream, filter: this.#subjects.deadLetters(filter), to: last };
    for await (const entry of forwards(this.#broker, query)) yield letterIn(entry);
  }

  /** Takes a letter away; no matter when somebody else has. */
  async remove({ sequence }: Letter): Promise<void> {
    await removeMessage(this.#broker, this.#stream, sequence);
  }

  async *#named({ ids }: LetterFilter, below = Number.POSITIVE_INFINITY): AsyncGenerator<Letter> {
    const letters: Letter[] = [];
    for (const id of ids) {
      const found = await this.find(id).catch((error: unknown) => {
        if (MeshError.from(error).code !== "NOT_FOUND") throw error;
      });
      if (found !== undefined && found.sequence < below) letters.push(found);
    }
    yield* letters.sort((a, b) => b.sequence - a.sequence);
  }
}
