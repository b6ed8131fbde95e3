// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Message } from "@bufbuild/protobuf";

/** What a handler gives: one message, or a stream of them (server-streaming methods). Nothing for events. */
export type Reply = Message | AsyncIterable<Message> | undefined;

/** Runs the rest of a chain. */
export type Next<X> = (exchange: X) => Promise<Reply>;

/** One concern of the pipeline. It calls `next` once, several times (retry) or not at all (refusal). */
export type Step<X> = (exchange: X, next: Next<X>) => Promise<Reply>;

/** Joins steps to one function. Built once per method: a message's way allocates no closures for it. */
export function chain<X>(steps: readonly Step<X>[], last: Next<X>): Next<X> {
  return steps.reduceRight<Next<X>>((next, step) => (exchange) => step(exchange, next), last);
}

/** Whether a reply is a stream. Messages have a type name; iterables do not. */
export function isStream(reply: Reply): reply is AsyncIterable<Message> {
  return reply !== undefined && !("$typeName" in reply);
}

/**
 * Calls `end` once when the reply is over: at once for a message, after the last element, the failure or the caller's
 * giving up for a stream. This is how a step's work (span, budget, count) lasts as long as a stream does.
 */
export function untilEnd(reply: Reply, end: (error?: unknown) => void): Reply {
  if (!isStream(reply)) {
    end();
    return reply;
  }
  return endingStream(reply, end);
}

async function* endingStream(stream: AsyncIterable<Message>, end: (error?: unknown) => void): AsyncGenerator<Message> {
  let failure: unknown;
  try {
    yield* stream;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    end(failure);
  }
}
