// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Aborts at the first Ctrl-C, so that work can end in good order; a second one ends the process at once. Who had not come to
 * the end then sets exit code {@link interruptedCode}; what flows until it is interrupted, such as `tail`, has not failed.
 */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  return interrupted.signal;
}

/** As shells have it: 128 and the number of SIGINT. */
export const interruptedCode = 130;
