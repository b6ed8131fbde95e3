// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "../mesh-error.ts";
import type { Durable } from "./durable.ts";
import type { Pin } from "./pin.ts";
import type { PulledMessage } from "./pulled-message.ts";

/** How to pull. */
export interface PullOptions {
  readonly durable: Durable;
  /** Most messages in this process at once; no more are asked for. */
  readonly maxMessages: number;
  /** Takes a message; its place is free when the promise settles. Must settle the message and not throw. */
  readonly onMessage: (message: PulledMessage) => Promise<void>;
  /** How many more others leave room for at this moment; whoever frees some says so by `ask` of the pull. Default: no matter. */
  readonly room?: (() => number) | undefined;
  /** What a durable with `pinned` gives to one puller at a time. */
  readonly pin?: Pin | undefined;
  /**
   * Whether it must be known how long ago each message can have been delivered: requests are short then, and one follows the
   * other. Default: only with a pin.
   */
  readonly isDated?: boolean | undefined;
  /** Is told why nothing comes: the stream is gone, permissions are missing. Pulling is tried on. */
  readonly onTrouble?: ((error: MeshError) => void) | undefined;
  /** Is told when the durable, or its stream, had been deleted underneath and is there again: where it goes on, as a sentence. */
  readonly onRemade?: ((where: string) => void) | undefined;
}
