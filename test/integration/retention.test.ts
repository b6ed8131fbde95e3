// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, onCommit } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
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
