// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "../mesh-error.ts";

/**
 * The same stream, ended when the signal aborts, also while nobody asks for its next element; whoever asks later gets the
 * signal's reason. To be used where a stream leaves for a client: Connect never asks again when the client went away
 * without reading all, and what the stream holds (a place among the handlers at once, a span) would not be given back.
 */
export function endedBy<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const source = stream[Symbol.asyncIterator]();
  const giveUp = async (value?: unknown): Promise<IteratorResult<T>> =>
    (await source.return?.(value)) ?? { done: true, value: undefined };
  const onAbort = () => void giveUp().catch(() => {});
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  const iterator: AsyncIterator<T> = {
    next: () => (signal.aborted ? Promise.reject(reasonOf(signal)) : source.next()),
    return: giveUp,
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function reasonOf({ reason }: AbortSignal): MeshError {
  if (reason instanceof MeshError) return reason;
  const message = "the client went away before the end of the stream";
  return new MeshError({ code: "CANCELED", message, mayHaveRun: true, cause: reason });
}
