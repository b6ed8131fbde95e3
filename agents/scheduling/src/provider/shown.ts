// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Context } from "@parley/mesh";
import { overview } from "./overview.ts";

/**
 * Resolves when the lists of this instance show what the handler has committed, so that whoever asks next finds it. What is
 * stored is stored: lists that cannot be brought up to date are a warning, not a failure.
 */
export async function shown(ctx: Context): Promise<void> {
  try {
    await ctx.caughtUp(overview);
  } catch (error) {
    ctx.logger.warn({ err: error }, "stored, but the lists do not show it yet");
  }
}
