// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { ensureStreams } from "../broker/streams.ts";
import { domain } from "../broker/testdata/test-broker.ts";
import { hearerOf, openTestDeliveries } from "./testdata/test-deliveries.ts";
import { Valve } from "./valve.ts";

test("nothing is pulled while the valve of the hearer or of the host is shut, and what is in hand goes on", async () => {
  await using mesh = await openTestDeliveries();
  const [ofHost, ofHearer] = [new Valve(), new Valve()];
  const heard: string[] = [];
  let finish = () => {};
  const held = hearerOf(
    async ({ key }) => {
      if (key === "first") await new Promise<void>((resolve) => (finish = resolve));
      heard.push(key);
    },
    { valve: ofHearer },
  );
  const free = hearerOf(({ key }) => void heard.push(`free ${key}`), { name: "free" });
  const { deliveries } = await mesh.instance([held, free], { valve: ofHost });
  await mesh.say("first");
  await until(() => heard.includes("free first") && deliveries.moving === 1);

  ofHearer.shut("outside system is down");
  await mesh.say("second");
  await until(() => heard.includes("free second"));
  finish();
  await until(() => heard.includes("first"));
  expect(deliveries.heldBack).toEqual(["test-ear~listen"]);
  ofHost.shut("maintenance");
  ofHearer.open("outside system is down");
  expect(deliveries.heldBack.toSorted()).toEqual(["test-ear~free", "test-ear~listen"]);
  await mesh.say("third");
  expect(heard).toEqual(["free first", "free second", "first"]);

  ofHost.open("maintenance");
  await until(() => heard.length === 6);
  expect(heard.toSorted()).toEqual(["first", "free first", "free second", "free third", "second", "third"]);
});

test("a stream that is deleted underneath is made again from the journals, and what was not handled is heard [R35]", async () => {
  await using mesh = await openTestDeliveries();
  const heard: string[] = [];
  let fail = true;
  const hearer = hearerOf(async ({ key }) => {
    if (key === "second" && fail) throw new Error("not yet");
    heard.push(key);
  });
  const { broker, namespace, names } = mesh;
  await mesh.instance([hearer], { ensureStreams: () => ensureStreams(broker, { namespace, domains: [domain] }) });
  await mesh.say("first", "second");
  await until(() => heard.includes("first"));
  await broker.manager.streams.delete(names.events);
  fail = false;
  const stored = async () => (await broker.manager.streams.info(names.events).catch(() => undefined))?.state.messages;
  await until(async () => (await stored()) === 2);
  await mesh.say("third");
  await until(() => heard.includes("second") && heard.includes("third"));
  expect([...new Set(heard)].toSorted()).toEqual(["first", "second", "third"]);
});
