// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { openLink } from "../../../test/crash/link.ts";
import { brokerAppender } from "./appender.ts";
import { appendBatch } from "./atomic-batch.ts";
import { meaningOf } from "./broker-error.ts";
import { connectBroker } from "./connection.ts";
import type { NewMessage } from "./new-message.ts";
import { startServer } from "./server.ts";
import { contentOf, domain, openTestBroker, type TestBroker, textMessage } from "./testdata/test-broker.ts";

const address = (key: string) => ({ domain, journal: "account", key });

/** An event of a key, expected to follow `lastSequence`. */
function event({ subjects }: TestBroker, key: string, lastSequence: number, id: string): NewMessage {
  const subject = subjects.stateEvent(address(key), "parley.test.v1.Happened", undefined);
  return { ...textMessage(subject, id), expect: { filter: subjects.stateOf(address(key)), lastSequence } };
}

test("a batch is stored as a whole, in order, at sequences that follow each other", async () => {
  await using mesh = await openTestBroker();
  const stored = await appendBatch(mesh.broker, [
    event(mesh, "a", 0, "1"),
    event(mesh, "a", 0, "2"),
    event(mesh, "b", 0, "3"),
  ]);
  expect(stored).toEqual([1, 2, 3].map((sequence) => ({ sequence, duplicate: false })));
  const content = await contentOf(mesh.broker, mesh.names.journal(domain), 3);
  expect(content.map(([, text]) => text)).toEqual(["1", "2", "3"]);
});

test("a batch of which one key has changed stores nothing", async () => {
  await using mesh = await openTestBroker();
  await appendBatch(mesh.broker, [event(mesh, "a", 0, "1"), event(mesh, "b", 0, "2")]);
  const late = appendBatch(mesh.broker, [event(mesh, "a", 1, "3"), event(mesh, "b", 0, "4")]);
  await expect(late).rejects.toMatchObject({ code: "CONFLICT", mayHaveRun: false });
  expect(await contentOf(mesh.broker, mesh.names.journal(domain), 2)).toHaveLength(2);
});

test("both of the broker's words for a wrong last sequence are a conflict", () => {
  expect([10071, 10164].map((code) => meaningOf(code, 400))).toEqual(["CONFLICT", "CONFLICT"]);
});

test("of many batches that expect the same one is stored", async () => {
  await using mesh = await openTestBroker();
  const outcomes = await Promise.allSettled(
    Array.from({ length: 45 }, (_, index) =>
      appendBatch(mesh.broker, [event(mesh, "a", 0, `a${index}`), event(mesh, "b", 0, `b${index}`)]),
    ),
  );
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const content = await contentOf(mesh.broker, mesh.names.journal(domain), 2);
  expect(content.map(([, text]) => text?.slice(1))).toEqual([content[0]?.[1].slice(1), content[0]?.[1].slice(1)]);
});

test("more batches at once than the broker keeps open are all stored", async () => {
  await using mesh = await openTestBroker();
  await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      appendBatch(mesh.broker, [event(mesh, `a${index}`, 0, `a${index}`), event(mesh, `b${index}`, 0, `b${index}`)]),
    ),
  );
  expect(await contentOf(mesh.broker, mesh.names.journal(domain), 400)).toHaveLength(400);
});

test("an append or a batch whose answer is lost is stored once, and its place is found", async () => {
  await using mesh = await openTestBroker();
  const { appender } = mesh;
  await appender.append(event(mesh, "a", 0, "first"));
  await using link = await openLink(Number(new URL(inject("natsUrl")).port));
  await using behind = await connectBroker({ url: link.url, name: "behind a bad link" });
  const lossy = brokerAppender(behind);
  const attempts = [
    { messages: [event(mesh, "a", 1, "one")], at: [2] },
    { messages: [event(mesh, "a", 2, "two"), event(mesh, "b", 0, "three")], at: [3, 4] },
  ];
  for (const { messages, at } of attempts) {
    const lost = link.loseAnswers();
    const stored = lossy.appendAll(messages);
    await lost;
    link.cut();
    expect(await stored).toEqual(at.map((sequence) => ({ sequence, duplicate: true })));
  }
  const content = await contentOf(mesh.broker, mesh.names.journal(domain), 4);
  expect(content.map(([, text]) => text)).toEqual(["first", "one", "two", "three"]);
});

test("a batch that is sent half before the connection is lost is stored whole, once", async () => {
  await using mesh = await openTestBroker();
  await using link = await openLink(Number(new URL(inject("natsUrl")).port));
  await using behind = await connectBroker({ url: link.url, name: "behind a bad link" });
  const met = link.endBefore("MARK-OF-THE-SECOND");
  const second = { ...event(mesh, "b", 0, "2"), payload: new TextEncoder().encode("MARK-OF-THE-SECOND") };
  const stored = appendBatch(behind, [event(mesh, "a", 0, "1"), second]);
  await met;
  expect((await mesh.broker.manager.streams.info(mesh.names.journal(domain))).state.messages).toBe(0);
  link.cut();
  expect((await stored).map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(await contentOf(mesh.broker, mesh.names.journal(domain), 2)).toHaveLength(2);
});

test("a batch that grew since it was stored has the rest stored too, where nothing is expected; another message under an id is refused", async () => {
  await using mesh = await openTestBroker();
  const { broker, names, subjects } = mesh;
  const plain = (id: string) =>
    textMessage(subjects.outgoingEvent({ domain, typeName: "parley.test.v1.Happened", priority: "LOW" }, id), id);
  await appendBatch(broker, [plain("1"), plain("2")]);
  const grown = await appendBatch(broker, [plain("1"), plain("2"), plain("3")]);
  expect(grown.map(({ duplicate }) => duplicate)).toEqual([true, true, false]);
  const content = await contentOf(broker, names.journal(domain), 3);
  expect(content.map(([, text]) => text)).toEqual(["1", "2", "3"]);
  const other = { ...plain("2"), payload: new TextEncoder().encode("other") };
  await expect(appendBatch(broker, [plain("4"), other])).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
});

/** Publishes that expect nothing beside an event that does, so that either of the broker's words for a repeat comes first. */
const shapes: readonly (readonly ("event" | "published")[])[] = [
  ["event", "published"],
  ["published", "event"],
];

test.each(shapes)(
  "a batch of one %s and one %s of which the broker dies is stored once, and its place is read back",
  {
    timeout: 60_000,
  },
  async (...shape) => {
    const folder = await mkdtemp(join(tmpdir(), "parley-batch-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await using server = await startServer({ storeDir: folder });
    await using mesh = await openTestBroker(server.url);
    const { broker, names, subjects } = mesh;
    await using link = await openLink(Number(new URL(server.url).port));
    await using behind = await connectBroker({ url: link.url, name: "behind a bad link" });
    const published = { domain, typeName: "parley.test.v1.Happened", priority: "LOW" } as const;
    let newest = 0;
    for (const round of ["stored, then killed", "killed at once", "killed at once again"]) {
      const batch = shape.map((kind) =>
        kind === "event"
          ? event(mesh, "a", newest, `${round} event`)
          : textMessage(subjects.outgoingEvent(published, "k"), `${round} published`),
      );
      const lost = round.startsWith("stored") ? link.loseAnswers() : undefined;
      const appended = appendBatch(behind, batch);
      await lost;
      await server.kill();
      link.cut();
      await server.restart();
      const stored = await appended;
      const before = (await contentOf(broker, names.journal(domain), 2)).length - 2;
      expect(stored.map(({ sequence }) => sequence)).toEqual([before + 1, before + 2]);
      newest = (stored[shape.indexOf("event")] ?? { sequence: 0 }).sequence;
    }
    const content = await contentOf(broker, names.journal(domain), 6);
    expect(content).toHaveLength(6);
  },
);

test("a batch that expects something and has the id of another message is refused, not taken for stored", async () => {
  await using mesh = await openTestBroker();
  const subject = mesh.subjects.outgoingEvent({ domain, typeName: "parley.test.v1.Happened", priority: "LOW" }, "k");
  await appendBatch(mesh.broker, [textMessage(subject, "1"), textMessage(subject, "2")]);
  const other = appendBatch(mesh.broker, [textMessage(subject, "2", "other"), event(mesh, "a", 0, "3")]);
  await expect(other).rejects.toMatchObject({ code: "MESSAGE_ID_REUSED" });
  expect(await contentOf(mesh.broker, mesh.names.journal(domain), 2)).toHaveLength(2);
});

test("the same batch again is known to be stored, and where", async () => {
  await using mesh = await openTestBroker();
  const batch = [event(mesh, "a", 0, "1"), event(mesh, "b", 0, "2")];
  await appendBatch(mesh.broker, batch);
  expect(await appendBatch(mesh.broker, batch)).toEqual([1, 2].map((sequence) => ({ sequence, duplicate: true })));
  expect(await contentOf(mesh.broker, mesh.names.journal(domain), 2)).toHaveLength(2);
});
