// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { logger } from "../telemetry/logger.ts";
import { recordLeftBehind } from "../telemetry/metrics.ts";
import type { Operation } from "./incoming.ts";

/** Real milliseconds in which a handler may end after its signal has aborted, before it counts as one that ignores it. */
const unwindMs = 1_000;

/** Told of a handler that goes on although its time is over; gives what is to be called when it ends after all. */
export type LeftBehind = (operation: Operation) => () => void;

/**
 * Watches the work of a handler that nobody waits for any more. It cannot be ended from outside: it holds memory, and maybe
 * more, for as long as it likes, while its place is given to the next one.
 */
export function watchLeftBehind(work: Promise<unknown>, operation: Operation, leftBehind: LeftBehind): void {
  let onEnd: (() => void) | undefined;
  const timer = setTimeout(() => {
    onEnd = leftBehind(operation);
  }, unwindMs).unref();
  const ended = () => {
    clearTimeout(timer);
    onEnd?.();
  };
  work.then(ended, ended);
}

/** Counts handlers that ignore their signal, and tells the log of each operation's first one. */
export function countLeftBehind(): LeftBehind {
  const told = new Set<string>();
  return ({ agent, name, handler }) => {
    if (!told.has(`${agent} ${handler}`)) {
      told.add(`${agent} ${handler}`);
      const text = `"${name}" goes on in a handler of "${agent}" although its time is over: it ignores ctx.signal`;
      logger.warn({ agent_id: agent, operation: name }, text);
    }
    recordLeftBehind({ agent, operation: name }, 1);
    return () => recordLeftBehind({ agent, operation: name }, -1);
  };
}
