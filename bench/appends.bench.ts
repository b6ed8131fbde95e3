// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { type Broker, brokerAppender, ensureStreams, Subjects, streamNames } from "@parley/mesh/broker";
import { withBenchBroker } from "./bench-broker.ts";
import { measure, report } from "./measure.ts";

const writers = 32;
const forMs = 1_500;

/**
 * What makes a broker that syncs each message to its disk store more of them: several streams, or batches that are synced once?
 * And how much of it do EVENTS and COMMANDS take over, which are one stream each? All beside 32 writers of one stream.
 */
export async function run(): Promise<void> {
  await withBenchBroker(async (broker) => {
    const appender = brokerAppender(broker);
    const streams = await streamsOf(broker, 4);
    let next = 0;
    const message = (stream: string) => {
      const id = `m${++next}`;
      return { subject: `${stream}.${id}`, id, payload: new Uint8Array(300), headers: new Map<string, string>() };
    };
    const over = (count: number) => () => appender.append(message(streams[next % count] ?? "A"));
    const one = await measure(over(1), { callers: writers, forMs });
    report("single appends, one stream, 32 writers", one);
    for (const count of [2, 4]) {
      report(
        `single appends, ${count} streams, 32 writers`,
        await measure(over(count), { callers: writers, forMs }),
        one,
      );
    }
    for (const size of [8, 32, 128]) {
      const batch = () => appender.appendAll(Array.from({ length: size }, () => message("A")));
      const { perSecond, p50Ms, p95Ms } = await measure(batch, { callers: 1, forMs });
      report(`atomic batches of ${size}, their messages`, { perSecond: perSecond * size, p50Ms, p95Ms }, one);
    }
    report("taken over by EVENTS, its messages", await takenOver(broker), one);
  });
}

async function streamsOf(broker: Broker, count: number): Promise<readonly string[]> {
  const names = ["A", "B", "C", "D"].slice(0, count);
  for (const name of names) {
    await broker.manager.streams.add({ name, subjects: [`${name}.>`], allow_atomic: true });
  }
  return names;
}

/** How fast EVENTS stores what a journal has stored in a few large batches; the time is that of the last one. */
async function takenOver(broker: Broker) {
  const namespace = "bench";
  await ensureStreams(broker, { namespace, domains: ["parley.test.v1"] });
  const subjects = new Subjects(namespace);
  const event = { domain: "parley.test.v1", typeName: "parley.test.v1.EchoSaid", priority: "MEDIUM" } as const;
  const batch = Array.from({ length: 1_000 }, (_, index) => ({
    subject: subjects.outgoingEvent(event, `k${index % 64}`),
    id: `e${index}`,
    payload: new Uint8Array(300),
    headers: new Map<string, string>(),
  }));
  const started = performance.now();
  await brokerAppender(broker).appendAll(batch);
  const taken = async () => (await broker.manager.streams.info(streamNames(namespace).events)).state.messages;
  while ((await taken()) < batch.length) await delay(10);
  const tookMs = performance.now() - started;
  return { perSecond: (batch.length / tookMs) * 1_000, p50Ms: tookMs, p95Ms: tookMs };
}
