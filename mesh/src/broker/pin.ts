// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { pinTimeoutMs } from "./durable.ts";

/**
 * Of all who pull from a durable with `pinned`, the broker serves one at a time: it hands that one a pin, and another only
 * when the first has not asked for {@link pinTimeoutMs}. This is what one puller knows of it.
 */
export class Pin {
  /** A request holds the pin only at its beginning, so they are short. */
  readonly requestMs = pinTimeoutMs / 2;
  readonly #onChange: () => void;
  #id: string | undefined;

  /** @param onChange is told when this puller gets a pin that it did not have, before the first message, and when it loses it */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Unset: somebody else has it, or nobody. */
  get id(): string | undefined {
    return this.#id;
  }

  /** A message came under this pin. */
  held(id: string | undefined): void {
    if (id === undefined || id === "" || id === this.#id) return;
    this.#id = id;
    this.#onChange();
  }

  /** Another one has the pin now. */
  lost(): void {
    if (this.#id === undefined) return;
    this.#id = undefined;
    this.#onChange();
  }
}
