// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, inject, test } from "vitest";
import { openLink } from "../../../test/crash/link.ts";
import { connectBroker } from "./connection.ts";
import { readAfter, readLast } from "./journal-stream.ts";
import { domain, openTestBroker, type TestBroker, textMessage } from "./testdata/test-broker.ts";

const key = { domain, journal: "account", key: "k" } as const;

async function store(
  { subjects, appender }: TestBroker,
  count: number,
  text: (index: number) => string,
): Promise<void> {
  const subject = subjects.stateEvent(key, "parley.test.v1.Happened", undefined);
  for (let index = 0; index < count; index++) await appender.append(textMessage(subject, `m${index}`, text(index)));
}

const where = ({ names, subjects }: TestBroker) => ({
  stream: names.journal(domain),
  filter: subjects.stateOf(key),
});

test("what is read is whole even where the broker cuts a page short", async () => {
  await using mesh = await openTestBroker();
  await store(mesh, 12, (index) => String(index).padEnd(1_000_000, "x"));
  const { stream, filter } = where(mesh);
  const entries = await readAfter(mesh.broker, stream, { filter, sequence: 0 });
  expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  expect(entries[11]?.payload.length).toBe(1_000_000);
});

test("an event without a payload is read as any other, and ends nothing", async () => {
  await using mesh = await openTestBroker();
  await store(mesh, 3, () => "");
  const { stream, filter } = where(mesh);
  expect(await readAfter(mesh.broker, stream, { filter, sequence: 0 })).toHaveLength(3);
  expect(await readAfter(mesh.broker, stream, { filter, sequence: 2 })).toHaveLength(1);
  expect(await readAfter(mesh.broker, stream, { filter, sequence: 3 })).toEqual([]);
  expect((await readLast(mesh.broker, stream, { of: filter, certain: true }))?.sequence).toBe(3);
});

test("reading leaves no subscription behind", async () => {
  await using mesh = await openTestBroker();
  await store(mesh, 2, String);
  const { stream, filter } = where(mesh);
  const { subs } = (mesh.broker.connection as never as { protocol: { subscriptions: { subs: Map<unknown, unknown> } } })
    .protocol.subscriptions;
  await readAfter(mesh.broker, stream, { filter, sequence: 0 });
  const before = subs.size;
  for (let turn = 0; turn < 20; turn++) await readAfter(mesh.broker, stream, { filter, sequence: 0 });
  expect(subs.size).toBe(before);
});

test("a read whose connection is lost half-way is made again, and is whole", async () => {
  await using mesh = await openTestBroker();
  await store(mesh, 40, (index) => String(index).padEnd(100_000, "x"));
  await using link = await openLink(Number(new URL(inject("natsUrl")).port));
  await using behind = await connectBroker({ url: link.url, name: "behind a bad link" });
  const { stream, filter } = where(mesh);
  const read = readAfter(behind, stream, { filter, sequence: 0 });
  link.cut();
  expect(await read).toHaveLength(40);
});

test("a stream that is not there is an error at once, which says what to do", async () => {
  await using mesh = await openTestBroker();
  const { filter } = where(mesh);
  const read = readAfter(mesh.broker, `${mesh.namespace}_JOURNAL_nowhere`, { filter, sequence: 0 });
  await expect(read).rejects.toMatchObject({ code: "JOURNAL_BROKEN", message: expect.stringContaining('"journals"') });
});
