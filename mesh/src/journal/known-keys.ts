// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";
import type { Journal, JournalKey } from "./define-journal.ts";
import { KeyCache } from "./key-cache.ts";
import type { KeyState } from "./key-state.ts";
import { addressOf, type KeyReader, readKey } from "./read-key.ts";

/** A key of whatever journal. */
export type At = JournalKey<unknown, DescMessage>;

/** The keys that this process has met, each read once and then only what came since. */
export class KnownKeys {
  readonly #reader: KeyReader;
  readonly #cache = new KeyCache();
  readonly #journals = new Map<string, Journal<unknown, DescMessage>>();

  constructor(reader: KeyReader) {
    this.#reader = reader;
  }

  /** What tells keys apart: the canonical filter. */
  idOf(at: At): string {
    return this.#reader.subjects.stateOf(addressOf(at));
  }

  /** The key as it was when last seen. The broker refuses who relies on that when there is more. */
  async lastSeen(at: At): Promise<KeyState<unknown>> {
    this.#assertOne(at.journal);
    return this.#cache.get(this.idOf(at)) ?? this.read(at);
  }

  /** The key with all that is stored. */
  async read(at: At): Promise<KeyState<unknown>> {
    this.#assertOne(at.journal);
    const id = this.idOf(at);
    const read = await readKey(this.#reader, at, this.#cache.get(id));
    this.remember(at, read);
    return read;
  }

  /** Keeps a key as it is now, unless something newer of it is known. */
  remember(at: At, state: KeyState<unknown>): void {
    const id = this.idOf(at);
    if ((this.#cache.get(id)?.lastSequence ?? 0) <= state.lastSequence) this.#cache.set(id, state);
  }

  /** Forgets a key of which it is not known what is stored. */
  forget(at: At): void {
    this.#cache.delete(this.idOf(at));
  }

  /** Two definitions under one name would fold each other's states. */
  #assertOne(journal: Journal<unknown, DescMessage>): void {
    const name = `${journal.domain}/${journal.name}`;
    const first = this.#journals.get(name) ?? journal;
    this.#journals.set(name, first);
    if (first === journal) return;
    const message = `journal "${journal.name}" of "${journal.domain}" is defined twice in this process; export one definition`;
    throw new MeshError({ code: "COMMIT_INVALID", message });
  }
}
