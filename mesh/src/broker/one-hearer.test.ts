// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { pull } from "./pull-consumer.ts";
import type { PulledMessage } from "./pulled-message.ts";
import { isForOneHearer } from "./read-subject.ts";
import { durableName } from "./subjects.ts";
import { contentOf, domain, happened, openTestBroker, type TestBroker, textMessage } from "./testdata/test-broker.ts";

const first = { agent: "test.listener", hearer: "notify" } as const;
const second = { agent: "test.listener", hearer: "count" } as const;

/** Hears as a hearer does: all of its event, and what is meant for it alone. */
async function hear(world: TestBroker, { agent, hearer }: typeof first | typeof second) {
  const { broker, names, subjects } = world;
  const heard: string[] = [];
  const durable = {
    stream: names.events,
    name: durableName(agent, hearer),
    filters: [subjects.heardEvent(happened.typeName), subjects.heardAlone({ agent, hearer })],
    from: "retained" as const,
  };
  const onMessage = async (message: PulledMessage) => {
    heard.push(new TextDecoder().decode(message.payload));
    message.ack();
  };
  const pulling = pull(broker, { durable, maxMessages: 16, onMessage });
  return { heard, [Symbol.asyncDispose]: () => pulling.stop() };
}

test("an event for one hearer reaches that one, from a journal and from a schedule, and no other of its type", async () => {
  await using world = await openTestBroker();
  const { subjects, appender, names, broker, namespace } = world;
  await using notify = await hear(world, first);
  await using count = await hear(world, second);
  await appender.append(textMessage(subjects.outgoingEvent(happened, "k1"), "for all"));
  await appender.append(textMessage(subjects.outgoingEventTo({ ...first, lane: "high" }, domain, "k1"), "redriven"));
  const { headers, ...message } = textMessage(subjects.schedule("retry-1"), "retried");
  const schedule = new Map(headers)
    .set("Nats-Schedule", `@at ${new Date().toISOString()}`)
    .set("Nats-Schedule-Target", subjects.scheduledEventTo("retry-1", { ...first, lane: "low" }, "k1"));
  await appender.append({ ...message, headers: schedule });
  await appender.append(textMessage(subjects.outgoingEventTo(second, domain, "k1"), "for the other"));

  await expect.poll(() => notify.heard.toSorted()).toEqual(["for all", "redriven", "retried"]);
  await expect.poll(() => count.heard.toSorted()).toEqual(["for all", "for the other"]);
  const content = await contentOf(broker, names.events, 4);
  // In the lane that was asked for, and in the partition of its key.
  expect(content.toSorted()).toEqual([
    [`${namespace}.evt.high.parley-test-v1-Happened.1.k1`, "for all"],
    [`${namespace}.evt.high.test-listener~notify.1.k1`, "redriven"],
    [`${namespace}.evt.low.test-listener~notify.1.k1`, "retried"],
    [`${namespace}.evt.medium.test-listener~count.1.k1`, "for the other"],
  ]);
  expect(content.map(([subject]) => isForOneHearer(subject)).filter(Boolean)).toHaveLength(3);
});
