// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
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
