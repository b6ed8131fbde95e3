// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Script } from "node:vm";
import { MeshError } from "../mesh-error.ts";

/** Real milliseconds that a decide function may take. It has no other way to be stopped: it holds up the whole process. */
export const decideTimeoutMs = 1_000;

const holder = globalThis as { [key: symbol]: (() => void) | undefined };
const slot = Symbol.for("parley.decide");
const script = new Script('globalThis[Symbol.for("parley.decide")]()');

/**
 * Runs a decide function, which must be synchronous and quick. One that never ends is ended here, where a plain call would
 * hang the process for ever.
 *
 * @throws MeshError COMMIT_INVALID when it takes longer than {@link decideTimeoutMs} or gives a promise; what it throws itself
 */
export function runDecide<T>(what: string, decide: () => T): T {
  let result: T | undefined;
  const outer = holder[slot];
  holder[slot] = () => {
    result = decide();
  };
  try {
    script.runInThisContext({ timeout: decideTimeoutMs });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") {
      throw invalid(`the decide function of "${what}" did not end within ${decideTimeoutMs} ms; it must only decide`);
    }
    throw error;
  } finally {
    holder[slot] = outer;
  }
  if (typeof result === "object" && result !== null && "then" in result && typeof result.then === "function") {
    // Nobody will wait for it, and its failure must not end the process.
    void Promise.resolve(result).catch(() => {});
    throw invalid(`the decide function of "${what}" is asynchronous; do what takes time before the commit`);
  }
  return result as T;
}

function invalid(message: string): MeshError {
  return new MeshError({ code: "COMMIT_INVALID", message });
}
