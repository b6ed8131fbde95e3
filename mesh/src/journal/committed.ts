// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appended } from "../broker/new-message.ts";
import type { Composition } from "./compose.ts";
import type { DraftedKey } from "./draft.ts";

/** A commit that is stored. */
export interface Committed {
  readonly composition: Composition;
  readonly appended: readonly Appended[];
  readonly keys: readonly DraftedKey[];
  /** Milliseconds that storing took. */
  readonly tookMs: number;
}
