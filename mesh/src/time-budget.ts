// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Clock } from "./clock.ts";
import { MeshError } from "./mesh-error.ts";

/** How long something may still take, and the signal that stops it. Dispose of it when the work is over. */
export interface TimeBudget extends Disposable {
  /** Aborts when time runs out (reason: MeshError DEADLINE_EXCEEDED) or when the parent aborts (its reason). */
  readonly signal: AbortSignal;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
}

/** What a budget is made of. */
export interface TimeBudgetInit {
  readonly clock: Clock;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
  /** What the time is for; named in the error. */
  readonly what: string;
  /** Whoever waits for the work; the budget ends when this aborts. */
  readonly parent?: AbortSignal | undefined;
}

/** Opens a budget of `timeoutMs`. */
export function openBudget({ clock, timeoutMs, what, parent }: TimeBudgetInit): TimeBudget {
  const controller = new AbortController();
  const deadline = clock.now() + timeoutMs;
  const cancelTimer = clock.after(timeoutMs, () => {
    controller.abort(
      // Nobody can tell from outside how far the work got, so it may have run.
      new MeshError({
        code: "DEADLINE_EXCEEDED",
        message: `"${what}" did not finish within ${timeoutMs} ms`,
        mayHaveRun: true,
      }),
    );
  });
  const onParentAbort = () => controller.abort(canceled(what, parent?.reason));
  if (parent?.aborted) onParentAbort();
  else parent?.addEventListener("abort", onParentAbort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, deadline - clock.now()),
    [Symbol.dispose]() {
      cancelTimer();
      parent?.removeEventListener("abort", onParentAbort);
    },
  };
}

/**
 * The promise, or the signal's reason as soon as it aborts: bounds work that ignores its signal. The work itself cannot be
 * stopped from outside; its late result is dropped.
 */
export function bounded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** An aborted signal's reason as the error that callers see: a MeshError as it is, anything else CANCELED. */
function canceled(what: string, reason: unknown): MeshError {
  if (reason instanceof MeshError) return reason;
  const message = `"${what}" was canceled by its caller`;
  return new MeshError({
    code: "CANCELED",
    message,
    mayHaveRun: true,
    cause: reason,
  });
}

/** {@link bounded} for a stream: each element is waited for within the signal, and the source is closed when it aborts. */
export async function* boundedStream<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await bounded(iterator.next(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Not awaited: a source that ignores its signal would hold up the one who has already given up on it.
    void iterator.return?.().catch(() => {});
  }
}
