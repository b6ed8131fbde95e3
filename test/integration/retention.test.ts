// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, onCommit } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { EchoRepeatedSchema, EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { NewsNumberedSchema, NewsPrintedSchema } from "../gen/parley/test/v1/news_pb.js";

const daySeconds = 24 * 60 * 60;

/** Tells on what it hears, and keeps nothing: that it has handled something stands in marks. */
const echoing = defineAgent({
  name: "test.echoing",
  hears: [
    onCommit(NewsPrintedSchema, { name: "tell", keys: () => ({}) }, ({ key }, _, outbox) =>
      outbox.publish(NewsNumberedSchema, { key }),
    ),
  ],
  publishes: [NewsNumberedSchema],
});

test("events are kept as long as their contract says, and whoever commits recognises them for longer than that [R26]", async () => {
  await using mesh = await testMesh({ agents: [echoing] });
  const { manager } = mesh.broker;
  const names = streamNames(mesh.namespace);
  const keptSeconds = async (name: string) => (await manager.streams.info(name)).config.max_age / 1e9;
  expect(await keptSeconds(names.events)).toBe(30 * daySeconds);
  expect(await keptSeconds(names.commands)).toBe(7 * daySeconds);

  await mesh.publish(NewsPrintedSchema, { key: "k" });
  await expect(mesh.heard(NewsNumberedSchema, { key: "k" })).resolves.toBeDefined();
  const mark = await manager.streams.getMessage(names.journal("parley.test.v1"), {
    last_by_subj: `${mesh.namespace}.jrn.parley-test-v1.in.test-echoing.>`,
  });
  expect(mark?.header.get("Nats-TTL")).toBe(`${31 * daySeconds}s`);
});

test("who knows no such contract remembers as long as those of others have the streams keep messages [R26]", async () => {
  await using long = await testMesh({ agents: [echoing] });
  const { namespace, clock } = long;
  const other = defineAgent({
    name: "test.other",
    hears: [
      onCommit(EchoSaidSchema, { name: "tell", keys: () => ({}) }, ({ key }, _, outbox) =>
        outbox.publish(EchoRepeatedSchema, { key }),
      ),
    ],
    publishes: [EchoSaidSchema, EchoRepeatedSchema],
  });
  await using mesh = await testMesh({ agents: [other], namespace, clock });
  await mesh.publish(EchoSaidSchema, { key: "k" });
  await expect(mesh.heard(EchoRepeatedSchema, { key: "k" })).resolves.toBeDefined();
  const mark = await mesh.broker.manager.streams.getMessage(streamNames(namespace).journal("parley.test.v1"), {
    last_by_subj: `${namespace}.jrn.parley-test-v1.in.test-other.>`,
  });
  expect(mark?.header.get("Nats-TTL")).toBe(`${31 * daySeconds}s`);
});
