// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { defineAgent } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { counts } from "../agents/account-agent.ts";
import { NewsNumberedSchema } from "../gen/parley/test/v1/news_pb.js";
import { endedOf, overlapsIn, runsOf } from "../programs/runs.ts";
import { type HostProcess, startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";
import { openSilentLink } from "./silent-link.ts";

/** What happens to an instance that has partitions, while messages come in all the time. */
export type Fault = "blocks" | "is stopped" | "is cut off" | "is killed";

/** What was seen. */
export interface Outcome {
  readonly messages: number;
  /** Runs of handlers beyond one for each message. */
  readonly repeats: number;
  readonly violations: readonly string[];
}

const roundMs = 400;
const keys = Array.from({ length: 24 }, (_, index) => `k${index}`);

/** Two instances share the partitions of an ordered hearer; the fault befalls one of them and lasts for `faultMs`. */
export async function orderUnder(fault: Fault, brokerPort: number, faultMs: number): Promise<Outcome> {
  const broker = `nats://127.0.0.1:${brokerPort}`;
  const speaker = defineAgent({ name: "test.speaker", publishes: [NewsNumberedSchema] });
  await using mesh = await testMesh({ agents: [speaker], broker });
  await using link = await openSilentLink(brokerPort);
  const where = { namespace: mesh.namespace, program: "hosts-reader", blockMs: faultMs } as const;
  await using first = await startHost({ ...where, broker: fault === "is cut off" ? link.url : broker });
  await using second = await startHost({ ...where, broker });
  const hosts = [first, second];
  const published = new Map<string, string[]>();
  const publish = async (key: string) => {
    const { messageId } = await mesh.publish(NewsNumberedSchema, { key });
    published.set(key, [...(published.get(key) ?? []), messageId]);
  };
  const flow = async (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; await wait(roundMs)) {
      await Promise.all(keys.map(publish));
    }
  };
  // Until both have partitions.
  while (!hosts.every(({ told }) => told.some(({ kind }) => kind === "ended"))) await flow(roundMs);
  const befall: Record<Fault, () => Promise<void>> = {
    blocks: () => publish("block"),
    "is stopped": () => first.signal("SIGSTOP"),
    "is cut off": async () => link.hush(),
    "is killed": () => first.signal("SIGKILL"),
  };
  await befall[fault]();
  await flow(faultMs);
  if (fault === "is stopped") await first.signal("SIGCONT");
  link.speak();
  await flow(3_000);
  await until(() => [...published].every(([key, ids]) => new Set(endedOf(hosts, key)).size === ids.length));
  const violations = [...published].flatMap(([key, ids]) => violationsOf(hosts, key, ids));
  for (const [key, ids] of published) {
    await until(async () => (await mesh.load(counts.at(key))) >= ids.length);
    const count = await mesh.load(counts.at(key));
    if (count !== ids.length) violations.push(`${key}: ${ids.length} messages count ${count}`);
  }
  const messages = [...published.values()].reduce((sum, ids) => sum + ids.length, 0);
  const runs = [...published.keys()].reduce((sum, key) => sum + runsOf(hosts, key).length, 0);
  return { messages, repeats: runs - messages, violations };
}

function violationsOf(hosts: readonly HostProcess[], key: string, ids: readonly string[]): string[] {
  const runs = runsOf(hosts, key);
  const order = [...new Set(runs.map(({ id }) => id))];
  const found: string[] = [];
  const wrong = order.findIndex((id, index) => id !== ids[index]);
  if (wrong >= 0) found.push(`${key}: message ${ids.indexOf(order[wrong] ?? "") + 1} began as number ${wrong + 1}`);
  for (const { id } of overlapsIn(runs)) found.push(`${key}: message ${ids.indexOf(id) + 1} began beside another one`);
  return found;
}
