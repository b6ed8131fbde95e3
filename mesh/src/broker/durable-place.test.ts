// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { until } from "../../../test/tools/until.ts";
import { ensureDurable } from "./durable.ts";
import { DurablePlace } from "./durable-place.ts";
import { happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";

test("what was given back by the thousand and settled elsewhere is forgotten, what is still open is not", async () => {
  await using mesh = await openTestBroker();
  const { broker, names, subjects, appender } = mesh;
  const filters = [subjects.heardEvent(happened.typeName)];
  const durable = { stream: names.events, name: "test-agent~hearer", filters, from: "retained" } as const;
  await ensureDurable(broker, durable);
  for (const id of ["a", "b", "c"]) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), id));
  const consumer = await broker.jetstream.consumers.get(durable.stream, durable.name);
  for await (const message of await consumer.fetch({ max_messages: 3, expires: 5_000 })) {
    if (message.seq < 3) await message.ackAck();
  }
  const remade: string[] = [];
  const place = new DurablePlace(broker, durable, (where) => remade.push(where));
  await place.ensure();
  for (let sequence = 1; sequence <= 1_001; sequence++) place.begin(sequence);
  await until(() => place.open === 999);
  place.done(3);
  await broker.manager.consumers.delete(durable.stream, durable.name);
  await place.ensure();
  expect(remade).toEqual([expect.stringContaining("at message 4,")]);
});
