// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, MeshError, on, serve } from "@parley/mesh";
import { testMesh } from "@parley/mesh/testing";
import { expect, test } from "vitest";
import { OrderlyService } from "../gen/parley/test/v1/job_pb.js";
import { NewsNumberedSchema } from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

const fails = () => {
  throw new MeshError({ code: "UNAVAILABLE", message: "not now" });
};

test("a failing message of an ordered event holds back its own key until it is given up, and no other key [R24]", async () => {
  const heard: string[] = [];
  const reader = defineAgent({
    name: "test.reader",
    hears: [
      on(NewsNumberedSchema, { name: "read", from: "now" }, ({ key }, { header }) => {
        heard.push(`${key} ${header.attempt}`);
        if (key === "poison") fails();
      }),
    ],
  });
  await using mesh = await testMesh({ agents: [reader] });
  const fine = Array.from({ length: 40 }, (_, index) => `k${index}`);
  await mesh.publish(NewsNumberedSchema, { key: "poison" });
  await mesh.publish(NewsNumberedSchema, { key: "poison" });
  await Promise.all(fine.map((key) => mesh.publish(NewsNumberedSchema, { key })));
  // An instance that gets a partition begins nothing until it knows that nothing of it is elsewhere.
  await until(() => heard.length === fine.length + 1);
  await mesh.settled();
  expect(heard.toSorted()).toEqual([...fine.map((key) => `${key} 1`), "poison 1"].toSorted());

  heard.length = 0;
  await mesh.advance(10_000);
  await mesh.advance(30_000);
  expect(heard).toEqual(["poison 2", "poison 3"]);
  await mesh.advance(60_000);
  expect(heard).toEqual(["poison 2", "poison 3", "poison 4", "poison 1"]);
  expect(await mesh.deadLetters()).toHaveLength(1);
});

test("commands with an order key run one after the other per key, whatever their priority", async () => {
  const ran: string[] = [];
  let failing = true;
  const orderly = defineAgent({
    name: "test.orderly",
    serves: [
      serve(OrderlyService, {
        doInOrder({ name }, { header }) {
          ran.push(`${name} ${header.priority}`);
          if (name === "a" && failing) fails();
          return {};
        },
      }),
    ],
  });
  await using mesh = await testMesh({ agents: [orderly] });
  const { doInOrder } = OrderlyService.method;
  await mesh.dispatch(doInOrder, { name: "a" }, { priority: "LOW" });
  await mesh.dispatch(doInOrder, { name: "a" }, { priority: "CRITICAL" });
  await mesh.dispatch(doInOrder, { name: "b" }, { priority: "LOW" });
  await mesh.settled();
  expect(ran.toSorted()).toEqual(["a LOW", "b LOW"]);
  failing = false;
  await mesh.advance(10_000);
  expect(ran.slice(2)).toEqual(["a LOW", "a CRITICAL"]);
});
