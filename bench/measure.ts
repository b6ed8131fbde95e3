// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";

/** What a bench measured of one operation. */
export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** How an operation is repeated. */
export interface MeasureOptions {
  /** Operations in progress at once. */
  readonly callers: number;
  /** Milliseconds of measuring; as much again before it, to warm up, at most a second. */
  readonly forMs: number;
}

/** Repeats an operation for a bounded time and tells how often it was done and how long each took. */
export async function measure(operation: () => Promise<unknown>, options: MeasureOptions): Promise<Measured> {
  await repeat(operation, { ...options, forMs: Math.min(1_000, options.forMs) });
  const started = performance.now();
  const took = await repeat(operation, options);
  const seconds = (performance.now() - started) / 1000;
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { perSecond: sorted.length / seconds, p50Ms: at(0.5), p95Ms: at(0.95) };
}

/** One line of a bench's table; with a peer, how many times as fast as it. */
export function report(name: string, measured: Measured, peer?: Measured): void {
  const { perSecond, p50Ms, p95Ms } = measured;
  const ratio = peer === undefined ? "" : `  ${(perSecond / peer.perSecond).toFixed(2)} × the peer`;
  const rate = `${Math.round(perSecond).toLocaleString("en")}/s`.padStart(12);
  console.log(`  ${name.padEnd(46)}${rate}  p50 ${p50Ms.toFixed(2)} ms  p95 ${p95Ms.toFixed(2)} ms${ratio}`);
}

async function repeat(operation: () => Promise<unknown>, { callers, forMs }: MeasureOptions): Promise<number[]> {
  const end = performance.now() + forMs;
  const took: number[] = [];
  const caller = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      await operation();
      took.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return took;
}
