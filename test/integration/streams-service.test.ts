// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { StreamService } from "@parley/contracts/parley/mesh/v1/stream_pb.js";
import { defineAgent, on } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";

test("the operator lists streams, and of each hearer how much waits for it and since when", async () => {
  const operator = operatorAgent();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const slow = defineAgent({ name: "test.slow", hears: [on(EchoSaidSchema, { name: "wait" }, () => asked)] });
  await using mesh = await testMesh({ agents: [slow, operator.agent] });
  operator.attach(mesh);
  const service = mesh.client(StreamService);
  const before = await service.listStreams({});
  const named =
    (name: string) =>
    ({ streams }: typeof before) =>
      streams.find((one) => one.name === `${mesh.namespace}_${name}`);
  expect(before.streams.map(({ name }) => name)).toEqual(before.streams.map(({ name }) => name).toSorted());
  expect(before.streams.every(({ name }) => name.includes(mesh.namespace))).toBe(true);
  expect(named("EVENTS")(before)).toMatchObject({
    messages: 0n,
    replicas: 1,
    hearers: [{ agent: "test.slow", hearer: "wait", part: "", undelivered: 0n, unsettled: 0n }],
  });
  expect(named("EVENTS")(before)?.oldest).toBeUndefined();
  expect(named("JOURNAL_parley-test-v1")(before)?.maxBytes).toBeGreaterThanOrEqual(0n);

  await mesh.publish(EchoSaidSchema, { key: "k", text: "t" });
  await mesh.events.first(EchoSaidSchema, { text: "t" });
  await expect
    .poll(async () => named("EVENTS")(await service.listStreams({})))
    .toMatchObject({ messages: 1n, oldest: expect.anything(), hearers: [{ undelivered: 0n, unsettled: 1n }] });
  ask();
  await expect.poll(async () => named("EVENTS")(await service.listStreams({}))?.hearers[0]?.unsettled).toBe(0n);
});
