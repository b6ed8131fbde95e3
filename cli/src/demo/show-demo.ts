// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "@parley/mesh";
import { failureLines } from "../terminal/failure.ts";
import { styleFor } from "../terminal/style.ts";
import type { Conversation } from "./conversation.ts";
import type { Demo } from "./demo.ts";
import { offerLines } from "./offers.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type RunningMesh, summaryLines } from "./summary.ts";
import { transcriptLines } from "./transcript.ts";

/** What a demo is shown with. */
export interface ShowDemoInit {
  readonly demo: Demo;
  readonly mesh: Pick<Host, "client" | "publish">;
  /** Is told of all that the mesh says and hears. */
  readonly conversation: Conversation;
  /** Resolves when all that was said and heard so far is in the conversation. */
  readonly told: () => Promise<void>;
  /** The mesh, for what to type next; unset when it ends with the demo. */
  readonly next: RunningMesh | undefined;
}

/** Carries out a demo, then shows what was really said and heard. Tells whether it went well. */
export async function showDemo({ demo, mesh, conversation, told, next }: ShowDemoInit): Promise<boolean> {
  const style = styleFor(process.stdout);
  let outcome: Outcome = outcomeOf(undefined);
  let failure: unknown;
  try {
    outcome = outcomeOf(await demo(mesh, conversation));
  } catch (error) {
    failure = error;
  }
  await told();
  const turns = conversation.turns();
  const offers = offerLines(outcome.offers, style);
  const beforeAnswer = (turn: number) => (turn === 0 ? offers : []);
  const lines = [...transcriptLines(turns, { beforeAnswer, style }), ...summaryLines({ turns, outcome, next }, style)];
  process.stdout.write(`${lines.join("\n")}\n`);
  if (failure === undefined) return true;
  process.stderr.write(`\n${failureLines(failure, "parley: the demo failed:").join("\n")}\n`);
  return false;
}
