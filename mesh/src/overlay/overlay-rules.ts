// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Duration, durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { PolicyOverlay } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import { badBreakerLimits } from "../contracts/lint/rules/breaker-limits.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { MeshError, type Violation } from "../mesh-error.ts";

const minuteMs = 60_000;
/** The longest timeout, unless the contract allows more: longer ones do not travel with a call. */
const longestTimeoutMs = 10 * minuteMs;
/** The longest delay before a retry, and the longest time that a breaker looks back or stays open. */
const longestPauseMs = 60 * minuteMs;
const mostDelays = 20;
const mostAtOnce = 100_000;
/** What is to hold for longer belongs into the contract. */
const longestLifeMs = 7 * 24 * 60 * minuteMs;

/**
 * Everything that is wrong with an overlay, as violations; none when it can be kept. Without a contract only what no contract
 * would allow counts, which is how a host judges what it finds in the broker.
 */
export function overlayProblems(overlay: PolicyOverlay, contract?: MethodContract): readonly Violation[] {
  return [...settingProblems(overlay, contract), ...originProblems(overlay)];
}

/** @throws MeshError INVALID_MESSAGE with all that is wrong with an overlay that is to be set at `now` */
export function assertSound(overlay: PolicyOverlay, contract: MethodContract, now: number): void {
  const violations = [...overlayProblems(overlay, contract), ...lifeProblems(overlay, now)];
  if (violations.length === 0) return;
  const list = violations.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new MeshError({
    code: "INVALID_MESSAGE",
    message: `no such overlay of "${contract.name}": ${list}`,
    violations,
  });
}

function* settingProblems(overlay: PolicyOverlay, contract: MethodContract | undefined): Iterable<Violation> {
  const { timeout, retry, breaker, maxConcurrency } = overlay;
  if (timeout === undefined && retry === undefined && breaker === undefined && maxConcurrency === undefined) {
    yield wrong("overlay", "sets nothing; give a timeout, retry delays, a breaker or max_concurrency");
  }
  const longest = Math.max(longestTimeoutMs, contract?.timeoutMs ?? Number.POSITIVE_INFINITY);
  yield* badLength("timeout", timeout, longest);
  if (retry !== undefined) {
    if (retry.delays.length > mostDelays) yield wrong("retry.delays", `are more than ${mostDelays}`);
    for (const [index, delay] of retry.delays.entries())
      yield* badLength(`retry.delays[${index}]`, delay, longestPauseMs);
    const { jitter, maxRetryAfter } = retry;
    if (jitter !== undefined && !(jitter >= 0 && jitter <= 1))
      yield wrong("retry.jitter", `${jitter} is not from 0 to 1`);
    yield* badLength("retry.max_retry_after", maxRetryAfter, longestPauseMs);
  }
  if (breaker !== undefined) {
    for (const limit of badBreakerLimits(breaker)) yield wrong("breaker", `${limit.wrong}; write ${limit.write}`);
    yield* badLength("breaker.window", breaker.window, longestPauseMs);
    yield* badLength("breaker.open_for", breaker.openFor, longestPauseMs);
  }
  if (maxConcurrency !== undefined && (maxConcurrency < 1 || maxConcurrency > mostAtOnce)) {
    yield wrong("max_concurrency", `${maxConcurrency} is not from 1 to ${mostAtOnce}`);
  }
}

function* originProblems({ author, reason, expiresAt }: PolicyOverlay): Iterable<Violation> {
  if (author.trim() === "") yield wrong("author", "is empty; say who wants it");
  if (reason.trim() === "") yield wrong("reason", "is empty; say why, for whoever looks at it in the morning");
  if (expiresAt === undefined) yield wrong("expires_at", "is not set; an overlay that never ends is a contract");
}

function* lifeProblems({ expiresAt }: PolicyOverlay, now: number): Iterable<Violation> {
  if (expiresAt === undefined) return;
  const leftMs = timestampMs(expiresAt) - now;
  if (leftMs <= 0) yield wrong("expires_at", `is ${Math.ceil(-leftMs / 1000)} s ago; give a time that is to come`);
  if (leftMs > longestLifeMs) yield wrong("expires_at", "is more than seven days ahead; change the contract instead");
}

function* badLength(field: string, duration: Duration | undefined, longestMs: number): Iterable<Violation> {
  if (duration === undefined) return;
  const ms = durationMs(duration);
  if (ms <= 0) yield wrong(field, `${ms} ms is not more than 0`);
  if (ms > longestMs) yield wrong(field, `${ms} ms is longer than ${longestMs} ms`);
}

function wrong(field: string, message: string): Violation {
  return { field, rule: "policy.overlay", message };
}
