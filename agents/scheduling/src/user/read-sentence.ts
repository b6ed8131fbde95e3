// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Context } from "@parley/mesh";
import { type Understood, understand } from "../domain/sentence/understand.ts";
import type { SentenceReader, Situation } from "../model/sentence-reader.ts";

/** Reads a sentence with the model, where there is one; with the grammar where there is none or it fails. Never throws for the model. */
export async function readSentence(
  { ctx, model }: { readonly ctx: Pick<Context, "outside" | "logger">; readonly model: SentenceReader | undefined },
  sentence: string,
  situation: Situation,
): Promise<Understood> {
  if (model === undefined) return understand(sentence, situation);
  try {
    return await ctx.outside("model", (signal) => model(sentence, situation, signal));
  } catch (error) {
    ctx.logger.warn({ err: error }, "the model did not read the sentence, the grammar does");
    return understand(sentence, situation);
  }
}
