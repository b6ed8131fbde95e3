// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { backwards, countOf, extent, forwards } from "./stream-scan.ts";
import { openTestBroker, type TestBroker, textMessage } from "./testdata/test-broker.ts";

async function sequences(scan: AsyncIterable<{ readonly sequence: number }>): Promise<readonly number[]> {
  return (await Array.fromAsync(scan)).map(({ sequence }) => sequence);
}

async function fill({ appender, subjects }: TestBroker, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, index) =>
    appender.append(
      textMessage(subjects.deadLetter("a", index % 3 === 0 ? "rare" : "often", `l${index}`), `l${index}`),
    ),
  );
  await Promise.all(all);
}

test("a stream is read in both directions, over gaps, and only what a filter covers", async () => {
  await using world = await openTestBroker();
  const { broker, names, subjects } = world;
  await fill(world, 200);
  await broker.manager.streams.purge(names.dead, { filter: subjects.deadLetters({}), seq: 11 });
  for (let seq = 50; seq < 150; seq++) await broker.manager.streams.deleteMessage(names.dead, seq, false);
  const left = [...Array(200).keys()].map((index) => index + 1).filter((seq) => seq > 10 && (seq < 50 || seq >= 150));

  const query = { stream: names.dead, filter: subjects.deadLetters({}) };
  expect(await extent(broker, names.dead)).toEqual({ first: 11, last: 200 });
  expect(await sequences(forwards(broker, { ...query, to: 200 }))).toEqual(left);
  expect(await sequences(forwards(broker, { ...query, from: 160, to: 170 }))).toEqual(
    left.filter((s) => s >= 160 && s <= 170),
  );
  expect(await sequences(backwards(broker, query))).toEqual(left.toReversed());
  expect(await sequences(backwards(broker, query, 40))).toEqual(left.filter((s) => s < 40).toReversed());
  expect(await countOf(broker, query)).toBe(left.length);

  const rare = { stream: names.dead, filter: subjects.deadLetters({ hearer: "rare" }) };
  const found = await sequences(forwards(broker, { ...rare, to: 200 }));
  expect(found).toHaveLength(await countOf(broker, rare));
  expect(await sequences(backwards(broker, rare))).toEqual(found.toReversed());
  expect(await countOf(broker, { ...rare, filter: subjects.deadLetters({ agent: "nobody" }) })).toBe(0);
});

test("what was stored before a time is left out", async () => {
  await using world = await openTestBroker();
  const { broker, names, subjects } = world;
  await fill(world, 5);
  const fourth = await broker.manager.streams.getMessage(names.dead, { seq: 4 });
  const query = { stream: names.dead, filter: subjects.deadLetters({}), to: 5 };
  const since = fourth?.time.getTime() ?? 0;
  // To the millisecond, so those of the same one may be before it.
  expect((await sequences(forwards(broker, { ...query, from: { since } }))).slice(-2)).toEqual([4, 5]);
  expect(await sequences(forwards(broker, { ...query, from: { since: Date.now() + 60_000 } }))).toEqual([]);
});

test("a stream that is not there is NOT_FOUND at once", async () => {
  await using world = await openTestBroker();
  const { broker, names, subjects } = world;
  await broker.manager.streams.delete(names.dead);
  const query = { stream: names.dead, filter: subjects.deadLetters({}) };
  await expect(sequences(backwards(broker, query))).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(sequences(forwards(broker, { ...query, to: 5 }))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("in a cluster a read goes on when the leader, of whom the newest is asked, is lost for a moment", async () => {
  await using world = await openTestBroker();
  const { broker, names, subjects } = world;
  await fill(world, 3);
  Object.defineProperty(broker.connection, "info", { value: { ...broker.connection.info, cluster: "three" } });
  const { streams } = broker.manager;
  const ask = streams.getMessage.bind(streams);
  let asked = 0;
  streams.getMessage = (...query) => (++asked === 1 ? Promise.reject(new Error("no leader")) : ask(...query));
  const query = { stream: names.dead, filter: subjects.deadLetters({}) };
  expect(await sequences(forwards(broker, query))).toEqual([1, 2, 3]);
  expect(asked).toBe(2);
});
