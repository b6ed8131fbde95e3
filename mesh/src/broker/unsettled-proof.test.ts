// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { pull } from "./pull-consumer.ts";
import type { PulledMessage } from "./pulled-message.ts";
import { happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";
import { UnsettledProof } from "./unsettled-proof.ts";

test("of messages in hand those are proven that are unsettled at the broker, and none comes again for having been asked about", async () => {
  await using mesh = await openTestBroker();
  const { broker, names, subjects, appender } = mesh;
  const filters = [subjects.heardEvent(happened.typeName)];
  const durable = { stream: names.events, name: "test-agent~hearer", filters, from: "retained" } as const;
  for (const id of ["a", "b", "c"]) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id));
  const pulled: PulledMessage[] = [];
  const onMessage = async (message: PulledMessage) => void pulled.push(message);
  const pulling = pull(broker, { durable, maxMessages: 10, onMessage });
  await until(() => pulled.length === 3);
  using proof = new UnsettledProof(broker, durable);
  expect([...(await proof.of(pulled))].sort()).toEqual([1, 2, 3]);
  // Somebody else acknowledges it: this process does not know.
  await broker.connection.request(`$JS.ACK.${durable.stream}.${durable.name}.1.2.2.0.0`, "+ACK");
  expect([...(await proof.of(pulled))].sort()).toEqual([1, 3]);
  expect([...(await proof.of([]))]).toEqual([]);
  const { num_redelivered } = await broker.manager.consumers.info(durable.stream, durable.name);
  expect([pulled.length, num_redelivered]).toEqual([3, 0]);
  await pulling.stop();
});
