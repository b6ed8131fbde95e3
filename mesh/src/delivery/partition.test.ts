// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { EchoSaidSchema } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { until } from "../../../test/tools/until.ts";
import { durablesUnder } from "../broker/durable.ts";
import { ensureDurable, pull } from "../broker/pull-consumer.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import { Hold } from "./hold.ts";
import { Partition } from "./partition.ts";
import { partitionWindow, partsOf } from "./parts.ts";
import { SidingBooks } from "./siding-book.ts";
import { partitionOf } from "./testdata/tape.ts";
import { contracts, hearerOf, openTestDeliveries } from "./testdata/test-deliveries.ts";

test("what comes in for a key with a siding while its partition is given away waits in the siding, too", async () => {
  await using mesh = await openTestDeliveries();
  const { broker, namespace, subjects } = mesh;
  const hearing = hearerOf(() => {}, { contract: { ...contracts.event(EchoSaidSchema), ordered: true } });
  const durable = partsOf(hearing, subjects)[partitionOf("stuck")];
  if (durable === undefined) throw new Error("there is no such partition");
  await ensureDurable(broker, durable);
  const partition = new Partition(broker, durable, new SidingBooks(broker, namespace).of(durable));
  const running: { readonly sequence: number; readonly end: () => void }[] = [];
  const waited: number[] = [];
  let onArrival = () => {};
  const onMessage = async (message: PulledMessage) => {
    using hold = new Hold(message, { isLeased: true, onLost: () => partition.doubt() });
    const turn = partition.turn(hold);
    onArrival();
    const leave = await turn;
    if (leave === undefined) return void waited.push(message.sequence);
    const ended = Promise.withResolvers<void>();
    running.push({ sequence: message.sequence, end: ended.resolve });
    await ended.promise;
    hold.message.ack();
    leave();
  };
  await using pulling = Object.assign(
    pull(broker, { durable, maxMessages: partitionWindow, pin: partition.pin, onMessage }),
    { [Symbol.asyncDispose]: () => pulling.stop() },
  );
  await mesh.say(...Array.from({ length: 80 }, () => "stuck"));
  await until(async () => {
    await partition.tend({ window: partitionWindow, run: async () => {} });
    await wait(50);
    return waited.length === 72 && (await durablesUnder(broker, durable)).length === 1;
  });
  onArrival = () => {
    onArrival = () => {};
    void partition.giveAway(pulling);
  };
  await mesh.say("stuck");
  for (let ended = 0; ended < 8; ended++) {
    await until(() => running.length === ended + 1);
    running[ended]?.end();
  }
  await until(() => running.length + waited.length === 81);
  partition.stop();
  expect([running.length, waited.length]).toEqual([8, 73]);
});
