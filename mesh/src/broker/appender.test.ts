// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { brokerAppender } from "./appender.ts";
import { connectBroker } from "./connection.ts";
import { domain, happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";

const account = { domain, journal: "account", key: "k1" } as const;

test("a repeated append is stored once and says so", async () => {
  await using mesh = await openTestBroker();
  const message = textMessage(mesh.subjects.outgoingEvent(happened, "k"), "m1");
  expect(await mesh.appender.append(message)).toEqual({ sequence: 1, duplicate: false });
  expect(await mesh.appender.append(message)).toEqual({ sequence: 1, duplicate: true });
});

test("another payload under a used id is an error, never silence", async () => {
  await using mesh = await openTestBroker();
  const subject = mesh.subjects.outgoingEvent(happened, "k");
  await mesh.appender.append(textMessage(subject, "m1", "first"));
  const again = mesh.appender.append(textMessage(subject, "m1", "second"));
  await expect(again).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED", message: expect.stringContaining('"m1"') });
});

test("another subject under a used id is an error, never silence", async () => {
  await using mesh = await openTestBroker();
  await mesh.appender.append(textMessage(mesh.subjects.outgoingEvent(happened, "k1"), "m1"));
  const again = mesh.appender.append(textMessage(mesh.subjects.outgoingEvent(happened, "k2"), "m1"));
  await expect(again).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
});

test("of many writers that expect the same state one wins and the others get a conflict", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender } = mesh;
  const expect0 = { filter: subjects.stateOf(account), lastSequence: 0 };
  const attempts = Array.from({ length: 20 }, (_, index) => {
    const subject = subjects.stateEvent(account, `parley.test.v1.T${index}`, undefined);
    return appender.append({ ...textMessage(subject, `m${index}`), expect: expect0 });
  });
  const outcomes = await Promise.allSettled(attempts);
  const lost = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(lost).toHaveLength(19);
  for (const reason of lost) expect(reason).toMatchObject({ code: "CONFLICT", mayHaveRun: false });
});

test("a message that the broker would not take is refused before it is sent", async () => {
  await using mesh = await openTestBroker();
  const subject = mesh.subjects.outgoingEvent(happened, "k");
  const large = { ...textMessage(subject, "m1"), payload: new Uint8Array(1_048_576) };
  await expect(mesh.appender.append(large)).rejects.toMatchObject({ code: "TOO_LARGE", mayHaveRun: false });
  expect(await mesh.appender.append(textMessage(subject, "m2"))).toMatchObject({ sequence: 1 });
});

test("a full stream is a typed refusal, and appending goes on after room is made", async () => {
  await using mesh = await openTestBroker();
  const { broker, names, subjects, appender } = mesh;
  await broker.manager.streams.update(names.journal(domain), { max_msgs: 2, discard: "new" });
  const subject = subjects.outgoingEvent(happened, "k");
  await appender.append(textMessage(subject, "m1"));
  await appender.append(textMessage(subject, "m2"));
  await expect(appender.append(textMessage(subject, "m3"))).rejects.toMatchObject({
    code: "STORAGE_FULL",
    mayHaveRun: false,
  });
  await broker.manager.streams.update(names.journal(domain), { max_msgs: 3 });
  expect(await appender.append(textMessage(subject, "m3"))).toEqual({ sequence: 3, duplicate: false });
});

test("on a closed connection an append fails at once and says that it has not run", async () => {
  await using mesh = await openTestBroker();
  const closed = await connectBroker({ url: mesh.broker.url, name: "closed" });
  await closed.close();
  const append = brokerAppender(closed).append(textMessage(mesh.subjects.outgoingEvent(happened, "k"), "m1"));
  await expect(append).rejects.toMatchObject({ code: "BROKER_UNAVAILABLE", mayHaveRun: false });
});
