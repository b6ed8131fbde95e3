// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { defineAgent } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { expect, inject, test } from "vitest";
import { counts } from "../agents/account-agent.ts";
import { NewsNumberedSchema } from "../gen/parley/test/v1/news_pb.js";
import { endedOf, overlapsIn, runsOf } from "../programs/runs.ts";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

test("a handler that stands still, and a process that is killed, lose their partitions; no key is handled in two places at once, and what commits counts once [R24, R35]", async () => {
  const speaker = defineAgent({ name: "test.speaker", publishes: [NewsNumberedSchema] });
  await using mesh = await testMesh({ agents: [speaker] });
  const where = { broker: inject("natsUrl"), namespace: mesh.namespace, program: "hosts-reader" } as const;
  await using first = await startHost(where);
  await using second = await startHost(where);
  const hosts = [first, second];
  const published = new Map<string, string[]>();
  const publish = async (key: string) => {
    const { messageId } = await mesh.publish(NewsNumberedSchema, { key });
    published.set(key, [...(published.get(key) ?? []), messageId]);
  };
  const keys = Array.from({ length: 24 }, (_, index) => `k${index}`);
  const round = async () => {
    await Promise.all(keys.map(publish));
    await wait(200);
  };
  const all = () => until(() => [...published].every(([key, ids]) => new Set(endedOf(hosts, key)).size === ids.length));

  await round();
  await publish("block");
  const blocked = () =>
    hosts.findIndex(({ told }) => told.some(({ kind, key }) => kind === "began" && key === "block"));
  await until(() => blocked() >= 0);
  for (let turn = 0; turn < 6; turn++) await round();
  await all();
  // Back again: what it had is with the other one.
  await until(() => endedOf(hosts, "block").length === 2);
  await round();
  await hosts[1 - blocked()]?.signal("SIGKILL");
  for (let turn = 0; turn < 3; turn++) await round();
  await all();

  for (const [key, ids] of published) {
    const runs = runsOf(hosts, key);
    const order = [...new Set(runs.map(({ id }) => id))];
    expect(order).toEqual(ids);
    expect(overlapsIn(runs)).toEqual([]);
    await until(async () => (await mesh.load(counts.at(key))) >= ids.length);
    expect(await mesh.load(counts.at(key))).toBe(ids.length);
  }
});
