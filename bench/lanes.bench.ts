// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { defineAgent, host, type Priority, serve } from "@parley/mesh";
import { ChannelService } from "../test/gen/parley/test/v1/channel_pb.js";
import { withBenchBroker } from "./bench-broker.ts";

/** Commands in lane LOW that wait before anybody runs them. */
const backlog = Number(process.env["PARLEY_BENCH_BACKLOG"] ?? 100_000);
/** Commands of each lane above, one after the other every so many milliseconds. */
const count = 200;
const everyMs = 20;
/** How long a handler takes, as one does that asks somebody else. */
const workMs = 20;

/** Seconds within which a message of each lane is to start. */
const classes: readonly (readonly [Priority, number])[] = [
  ["CRITICAL", 1],
  ["HIGH", 5],
  ["MEDIUM", 30],
];

/**
 * Do urgent commands start in the time of their class while a flood of LOW ones of the very same method waits and is run? And
 * does the process that runs them keep its size? PARLEY_BENCH_BACKLOG says how many wait.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (_, url) => {
    const begun = new Map<string, (at: number) => void>();
    let lowRun = 0;
    const work = async ({ key }: { readonly key: string }) => {
      if (key === "low") lowRun++;
      else begun.get(key)?.(performance.now());
      await wait(workMs);
      return {};
    };
    const never = () => ({});
    const rest = { sendEmail: never, makeCall: never, sendSms: never, quick: never, guarded: never };
    const worker = defineAgent({ name: "test.channel", serves: [serve(ChannelService, { ...rest, sync: work })] });
    const speaker = defineAgent({ name: "test.speaker" });
    await using sending = await host({ agents: [speaker], broker: url, namespace: "bench" });
    const dispatch = (key: string, priority: Priority) =>
      sending.dispatch(ChannelService.method.sync, { key }, { priority });
    const filling = performance.now();
    await fill(() => dispatch("low", "LOW"));
    const seconds = (performance.now() - filling) / 1_000;
    console.log(`  ${backlog.toLocaleString("en")} LOW commands wait (stored in ${seconds.toFixed(0)} s)`);

    const before = megabytes();
    await using _working = await host({ agents: [worker], broker: url, namespace: "bench" });
    while (lowRun < 100) await wait(5);
    let most = before;
    const lowBefore = lowRun;
    const runningSince = performance.now();
    for (const [priority, seconds] of classes) {
      const latencies: Promise<number>[] = [];
      for (let index = 0; index < count; index++) {
        const key = `${priority}-${index}`;
        const { promise, resolve } = Promise.withResolvers<number>();
        begun.set(key, resolve);
        const dispatched = performance.now();
        latencies.push(promise.then((at) => at - dispatched));
        await dispatch(key, priority);
        await wait(everyMs);
        most = Math.max(most, megabytes());
      }
      tell(priority, await Promise.all(latencies), seconds);
    }
    const perSecond = (1_000 * (lowRun - lowBefore)) / (performance.now() - runningSince);
    console.log(`  ${Math.round(perSecond)} LOW ones are run per second beside them`);
    console.log(`  resident memory: ${before} MB before the worker is there, at most ${most} MB while it runs`);
  });
}

async function fill(store: () => Promise<unknown>): Promise<void> {
  let left = backlog;
  const storer = async () => {
    while (left-- > 0) await store();
  };
  await Promise.all(Array.from({ length: 256 }, storer));
}

/** Seconds from before the dispatch to the beginning of the handler, as shares of what the class allows. */
function tell(priority: Priority, latencies: readonly number[], seconds: number): void {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const [p50, p95] = [at(0.5), at(0.95)];
  const share = (p95 / (seconds * 1_000)).toFixed(3);
  console.log(
    `  ${priority.padEnd(9)} dispatch → start  p50 ${p50.toFixed(1)} ms  p95 ${p95.toFixed(1)} ms  ${share} × the ${seconds} s of its class`,
  );
}

function megabytes(): number {
  return Math.round(process.memoryUsage.rss() / 1_048_576);
}
