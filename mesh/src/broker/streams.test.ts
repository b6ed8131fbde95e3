// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { connectBroker } from "./connection.ts";
import { deleteNamespace } from "./namespace.ts";
import { ensureStreams } from "./streams.ts";
import { contentOf, domain, happened, openTestBroker, textMessage } from "./testdata/test-broker.ts";

const other = { domain: "parley.other.v1", typeName: "parley.other.v1.Said", priority: "LOW" } as const;
const doIt = { name: "parley.test.v1.TestService/DoIt", priority: "MEDIUM" } as const;
const account = { domain, journal: "account", key: "k 1" } as const;

test("what enters a journal appears in EVENTS or COMMANDS once, under its lane, type and partition", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker, namespace } = mesh;
  await appender.append(textMessage(subjects.outgoingEvent(happened, "k1"), "published"));
  await appender.append(textMessage(subjects.stateEvent(account, "parley.test.v1.Opened", "low"), "announced"));
  await appender.append(textMessage(subjects.stateEvent(account, "parley.test.v1.Noted", undefined), "private"));
  await appender.append(textMessage(subjects.snapshot(account), "snapshot"));
  await appender.append(textMessage(subjects.handledMark(domain, "test.agent", "m1"), "mark"));
  await appender.append(textMessage(subjects.outgoingCommand({ ...doIt, id: "command", key: "k1" }), "command"));
  await appender.append(textMessage(subjects.outgoingEvent(happened, "k1"), "last"));
  expect(await contentOf(broker, names.commands, 1)).toEqual([
    [`${namespace}.cmd.medium.parley-test-v1-TestService-DoIt.1.command.k1`, "command"],
  ]);
  expect(await contentOf(broker, names.events, 3)).toEqual([
    [`${namespace}.evt.high.parley-test-v1-Happened.1.k1`, "published"],
    [`${namespace}.evt.low.parley-test-v1-Opened.7.=ayAx`, "announced"],
    [`${namespace}.evt.high.parley-test-v1-Happened.1.k1`, "last"],
  ]);
});

test("state and published events of one key share a partition", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker } = mesh;
  for (const key of ["a", "b", "c", "d"]) {
    await appender.append(textMessage(subjects.outgoingEvent(happened, key), `out ${key}`));
    await appender.append(
      textMessage(subjects.stateEvent({ ...account, key }, happened.typeName, "high"), `st ${key}`),
    );
  }
  const content = await contentOf(broker, names.events, 8);
  for (let index = 0; index < content.length; index += 2) expect(content[index]?.[0]).toBe(content[index + 1]?.[0]);
});

test("a domain that is added later is sourced, and nothing of the first is lost or doubled meanwhile", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker, namespace } = mesh;
  let adding = true;
  const added = ensureStreams(broker, { namespace, domains: [other.domain] }).finally(() => {
    adding = false;
  });
  let count = 0;
  while (adding) await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), `m${++count}`));
  await added;
  await appender.append(textMessage(subjects.outgoingEvent(other, "k"), "said"));
  const texts = (await contentOf(broker, names.events, count + 1)).map(([, text]) => text);
  expect(texts.filter((text) => text !== "said")).toEqual(Array.from({ length: count }, (_, index) => `m${index + 1}`));
  expect(texts).toContain("said");
});

test("the same id in two domains is two messages in EVENTS", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker, namespace } = mesh;
  await ensureStreams(broker, { namespace, domains: [other.domain] });
  await appender.append(textMessage(subjects.outgoingEvent(happened, "k"), "same"));
  await appender.append(textMessage(subjects.outgoingEvent(other, "k"), "same"));
  expect(await contentOf(broker, names.events, 2)).toHaveLength(2);
});

test("hosts with different domains may see to the streams at the same time", async () => {
  await using mesh = await openTestBroker();
  const { subjects, appender, names, broker, namespace } = mesh;
  const domains = Array.from({ length: 6 }, (_, index) => `parley.d${index}.v1`);
  await Promise.all(
    domains.map(async (added) => {
      await using host = await connectBroker({ url: broker.url, name: added });
      await ensureStreams(host, { namespace, domains: [added] });
    }),
  );
  for (const added of domains) {
    const event = { domain: added, typeName: `${added}.Said`, priority: "LOW" } as const;
    await appender.append(textMessage(subjects.outgoingEvent(event, "k"), added));
  }
  const texts = (await contentOf(broker, names.events, domains.length)).map(([, text]) => text);
  expect(texts.sort()).toEqual(domains);
});

test("a host that knew fewer journals and writes last does not undo what another one has added", async () => {
  await using mesh = await openTestBroker();
  const { broker, namespace, names, subjects, appender } = mesh;
  const streams = broker.manager.streams;
  let interrupted = false;
  // Between its look at the journals and its write, the other host does all of its work.
  const update: typeof streams.update = async (name, config) => {
    if (name === names.events && !interrupted) {
      interrupted = true;
      await ensureStreams(broker, { namespace, domains: [other.domain] });
    }
    return streams.update(name, config);
  };
  const slow = {
    ...broker,
    manager: { ...broker.manager, streams: Object.assign(Object.create(streams), { update }) },
  };
  await ensureStreams(slow, { namespace, domains: ["parley.slow.v1"] });
  expect(interrupted).toBe(true);
  await appender.append(textMessage(subjects.outgoingEvent(other, "k"), "said"));
  expect(await contentOf(broker, names.events, 1)).toHaveLength(1);
});

test("seeing to the streams again changes nothing, and what an operator has set stays", async () => {
  await using mesh = await openTestBroker();
  const { names, broker, namespace } = mesh;
  await broker.manager.streams.update(names.events, { max_bytes: 123_456_789, max_age: 0 });
  const before = await broker.manager.streams.info(names.events);
  await ensureStreams(broker, { namespace, domains: [domain] });
  expect((await broker.manager.streams.info(names.events)).config).toEqual(before.config);
});

test("a longer retention is put right, a shorter one is left", async () => {
  await using mesh = await openTestBroker();
  const { names, broker, namespace } = mesh;
  const dayMs = 24 * 60 * 60_000;
  const days = async () => {
    const infos = await Promise.all([names.events, names.commands].map((name) => broker.manager.streams.info(name)));
    return infos.map(({ config }) => config.max_age / 1e6 / dayMs);
  };
  await ensureStreams(broker, { namespace, domains: [], retention: { events: 60_000, commands: 60_000 } });
  expect(await days()).toEqual([7, 7]);
  await ensureStreams(broker, { namespace, domains: [], retention: { events: 30 * dayMs, commands: 9 * dayMs } });
  expect(await days()).toEqual([30, 9]);
});

test("nobody can publish into EVENTS past a journal", async () => {
  await using mesh = await openTestBroker();
  const { subjects, broker } = mesh;
  const subject = subjects.heardEvent(happened.typeName, { lane: "high", partition: 1 }).replace("*", "k");
  await expect(broker.connection.request(subject, "x", { timeout: 2_000 })).rejects.toThrow("no responders");
});

test("deleting a namespace leaves the others alone", async () => {
  await using mesh = await openTestBroker();
  const { broker, namespace, names } = mesh;
  const longer = `${namespace}-2`;
  await ensureStreams(broker, { namespace: longer, domains: [domain] });
  await deleteNamespace(broker, longer);
  const left: string[] = [];
  for await (const name of broker.manager.streams.names()) left.push(name);
  expect(left.filter((name) => name.startsWith(longer))).toEqual([]);
  expect(left).toContain(names.events);
});
