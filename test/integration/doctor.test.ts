// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { MaintenanceSchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { type Clock, defineAgent, on } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type ExamineOptions, examine, type Finding, type FindingCode, removeHearer } from "@parley/mesh/doctor";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { describe, expect, test } from "vitest";
import { accountAgent, auditAgent } from "../agents/account-agent.ts";
import { echoAgent } from "../agents/echo-agent.ts";
import { AccountService } from "../gen/parley/test/v1/account_pb.js";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { NewsNumberedSchema } from "../gen/parley/test/v1/news_pb.js";
import { startHost } from "../programs/start-host.ts";
import { until } from "../tools/until.ts";

type StreamConfig = Parameters<TestMesh["broker"]["manager"]["streams"]["add"]>[0];

const journalOf = (mesh: TestMesh) => streamNames(mesh.namespace).journal("parley.test.v1");

/** A bank with three accounts of some events each. */
async function bank(): Promise<TestMesh> {
  const mesh = await testMesh({ agents: [accountAgent, auditAgent] });
  await deposits(mesh, 12);
  return mesh;
}

async function deposits(mesh: TestMesh, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await mesh.client(AccountService).deposit({ account: `a${i % 3}`, amount: 1n });
  await mesh.settled();
}

/** A clock by which everything has waited for longer. */
const ahead = (ms: number): Clock => ({ now: () => Date.now() + ms, after: () => () => {} });

async function found(mesh: TestMesh, code: FindingCode, options?: ExamineOptions): Promise<readonly Finding[]> {
  return (await examine(mesh.broker, mesh.namespace, options)).filter((finding) => finding.code === code);
}

describe("the doctor", () => {
  test.each([{ deep: false }, { deep: true }])("finds nothing wrong with a mesh that is well (%j)", async (options) => {
    await using mesh = await bank();
    // The run's broker may be of any version; its disk cannot be seen.
    const findings = await examine(mesh.broker, mesh.namespace, options);
    expect(findings.filter(({ severity }) => severity !== "notice")).toEqual([]);
    expect(findings.find(({ code }) => code === "durability-unseen")).toMatchObject({ severity: "notice" });
  });

  test("finds every setting of a stream that the mesh needs otherwise", async () => {
    await using mesh = await bank();
    const { events, dead } = streamNames(mesh.namespace);
    const { streams } = mesh.broker.manager;
    await streams.update(events, { duplicate_window: 1e9, max_age: 3_600e9 });
    await streams.update(journalOf(mesh), { allow_rollup_hdrs: true, max_msgs_per_subject: 5, max_age: 86_400e9 });
    await streams.update(dead, { allow_direct: false });
    const settings = await found(mesh, "stream-setting");
    expect(settings.every(({ severity }) => severity === "error")).toBe(true);
    const told = settings.map(({ where, what }) => `${where} ${what}`);
    for (const [stream, setting] of [
      [events, '"duplicate_window" is 1000000000, but the mesh needs 120000000000'],
      [events, '"max_age" is 3600000000000, but the mesh needs "604800000000000 (ns)"'],
      [journalOf(mesh), '"max_age" is 86400000000000, but the mesh needs 0'],
      [journalOf(mesh), "allows rollup"],
      [journalOf(mesh), '"max_msgs_per_subject" is set'],
      [dead, '"allow_direct" is false, but the mesh needs true'],
    ] as const) {
      expect(
        told.filter((line) => line.startsWith(stream) && line.includes(setting)),
        setting,
      ).toHaveLength(1);
    }
    expect(told).toHaveLength(6);
  });

  test("finds streams that a restart of the broker or a power loss would empty", async () => {
    await using mesh = await bank();
    const { audit, dead } = streamNames(mesh.namespace);
    const { manager } = mesh.broker;
    const remade = async (name: string, change: Partial<StreamConfig> & { readonly persist_mode?: string }) => {
      const { config } = await manager.streams.info(name);
      await manager.streams.delete(name);
      await manager.streams.add({ ...config, ...change });
    };
    await remade(dead, { persist_mode: "async" });
    await remade(audit, { storage: "memory" });
    expect((await found(mesh, "stream-setting")).map(({ where, what }) => `${where}: ${what}`)).toEqual([
      `${audit}: "storage" is "memory": a restart of the broker empties it.`,
      `${dead}: "persist_mode" is "async": what it acknowledges may not be on the disk.`,
    ]);
  });

  test("finds a stream that is not there", async () => {
    await using mesh = await bank();
    const { audit } = streamNames(mesh.namespace);
    await mesh.broker.manager.streams.delete(audit);
    expect(await found(mesh, "stream-missing")).toMatchObject([{ severity: "error", where: audit }]);
  });

  test("finds a stream that is nearly full", async () => {
    await using mesh = await bank();
    const { events } = streamNames(mesh.namespace);
    const { bytes } = (await mesh.broker.manager.streams.info(events)).state;
    await mesh.broker.manager.streams.update(events, { max_bytes: Math.ceil(bytes / 0.9) });
    expect(await found(mesh, "stream-full")).toMatchObject([{ severity: "warning", where: events }]);
    await mesh.broker.manager.streams.update(events, { max_bytes: bytes + 1 });
    expect(await found(mesh, "stream-full")).toMatchObject([{ severity: "error", where: events }]);
  });

  test("finds a sourcing whose consumer is gone; a host that starts brings it back, and nothing is lost", async () => {
    await using mesh = await bank();
    const { consumers } = mesh.broker.manager;
    await consumers.delete(journalOf(mesh), "EVENTS");
    const missing = await found(mesh, "source-missing");
    expect(missing).toMatchObject([{ severity: "error", where: `${journalOf(mesh)} > EVENTS` }]);
    await mesh.client(AccountService).deposit({ account: "a0", amount: 1n });
    await using _other = await testMesh({ agents: [auditAgent], namespace: mesh.namespace, clock: mesh.clock });
    await mesh.settled();
    expect(await found(mesh, "source-missing")).toEqual([]);
    expect(await found(mesh, "event-not-sourced", { deep: true })).toEqual([]);
  });

  test("finds a sourcing that is late", async () => {
    await using mesh = await bank();
    const { events } = streamNames(mesh.namespace);
    const { bytes } = (await mesh.broker.manager.streams.info(events)).state;
    await mesh.broker.manager.streams.update(events, { max_bytes: bytes + 1 });
    await mesh.client(AccountService).deposit({ account: "a0", amount: 1n });
    expect(await found(mesh, "source-lagging")).toEqual([]);
    expect(await found(mesh, "source-lagging", { clock: ahead(31_000) })).toMatchObject([
      { severity: "warning", where: events, what: expect.stringContaining(journalOf(mesh)) },
    ]);
    await mesh.broker.manager.streams.update(events, { max_bytes: -1 });
    await mesh.settled();
    expect(await found(mesh, "source-lagging", { clock: ahead(31_000) })).toEqual([]);
  });

  test("finds a hole in the events of a key, in its middle and at its beginning", async () => {
    await using mesh = await bank();
    const { streams } = mesh.broker.manager;
    const stream = journalOf(mesh);
    const at = async (key: string, from = 1) => {
      const query = { next_by_subj: `${mesh.namespace}.jrn.parley-test-v1.st.accounts.${key}.>`, seq: from };
      return (await streams.getMessage(stream, query))?.seq ?? 0;
    };
    const second = await at("a0", (await at("a0")) + 1);
    await streams.deleteMessage(stream, second);
    await streams.deleteMessage(stream, await at("a1"));
    const holes = (await found(mesh, "journal-hole")).map(({ where, what }) => `${where}: ${what}`);
    expect(holes).toHaveLength(2);
    expect(holes.join()).toContain('Of key "a0" of journal "accounts" the event(s) 2 to 2 are missing');
    expect(holes.join()).toContain(
      'Of key "a1" of journal "accounts" the events before 2 are missing, and no snapshot',
    );
    expect(await found(mesh, "journal-hole", { deep: true })).toHaveLength(2);
    // A sample that does not reach back so far: the beginning of its keys is looked at all the same.
    expect(await found(mesh, "journal-hole", { sample: 14 })).toHaveLength(1);
  });

  test("finds an event that EVENTS does not have", async () => {
    await using mesh = await bank();
    const { events } = streamNames(mesh.namespace);
    await mesh.broker.manager.streams.deleteMessage(events, 5);
    expect(await found(mesh, "event-not-sourced")).toMatchObject([
      { severity: "error", where: events, what: expect.stringMatching(/^1 message\(s\) of ".+" between \d+ and \d+ /) },
    ]);
  });

  test("finds the place of a hearer that no agent has any more, until it is removed", async () => {
    const hearer = defineAgent({ name: "test.gone", hears: [on(EchoSaidSchema, { name: "once" }, () => {})] });
    await using mesh = await testMesh({ agents: [echoAgent()] });
    await using other = await testMesh({ agents: [hearer], namespace: mesh.namespace, clock: mesh.clock });
    expect(await found(mesh, "hearer-leftover")).toEqual([]);
    await other.drain();
    await mesh.publish(EchoSaidSchema, { key: "unheard" });
    const { events } = streamNames(mesh.namespace);
    const place = "test-gone~once";
    await until(async () => (await mesh.broker.manager.consumers.info(events, place)).num_pending === 1);
    // The recorder of the mesh that has ended is one too.
    const leftover = async () =>
      (await found(mesh, "hearer-leftover")).filter(({ where }) => !where.includes("recorder"));
    expect(await leftover()).toMatchObject([
      {
        severity: "warning",
        where: `${events} > ${place}`,
        what: expect.stringContaining("1 message(s) wait"),
        next: expect.stringContaining(`parley doctor --remove-hearer ${place}`),
      },
    ]);
    const removal = { name: "test.gone~once", clock: ahead(61_000) };
    const gone = [{ stream: events, durables: [place], waiting: 1 }];
    expect(await removeHearer(mesh.broker, mesh.namespace, { ...removal, dryRun: true })).toEqual(gone);
    expect(await leftover()).toHaveLength(1);
    expect(await removeHearer(mesh.broker, mesh.namespace, removal)).toEqual(gone);
    expect(await leftover()).toEqual([]);
    await expect(removeHearer(mesh.broker, mesh.namespace, removal)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("does not remove the place of a hearer that an instance has, or may come back to [R35]", async () => {
    const hearer = defineAgent({ name: "test.back", hears: [on(NewsNumberedSchema, { name: "soon" }, () => {})] });
    await using mesh = await testMesh({ agents: [echoAgent()] });
    await using other = await testMesh({ agents: [hearer], namespace: mesh.namespace, clock: mesh.clock });
    const remove = (afterMs: number) =>
      removeHearer(mesh.broker, mesh.namespace, { name: "test-back~soon", clock: ahead(afterMs) });
    const isPulled = async () => {
      const places = await Array.fromAsync(mesh.broker.manager.consumers.list(streamNames(mesh.namespace).events));
      return places.some(({ name, num_waiting }) => name.startsWith("test-back~") && num_waiting > 0);
    };
    await until(isPulled);
    await expect(remove(3_600_000)).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("an instance pulls"),
    });
    await other.drain();
    await until(async () => !(await isPulled()));
    await expect(remove(10_000)).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("may be restarting"),
    });
    const [removed] = await remove(61_000);
    expect(removed?.durables).toHaveLength(16);
  });

  test("finds a maintenance, and takes no hearer that it holds back for one that is gone [R35] [R40]", async () => {
    const hearer = defineAgent({ name: "test.held", hears: [on(EchoSaidSchema, { name: "quiet" }, () => {})] });
    await using mesh = await testMesh({ agents: [hearer] });
    const maintenance = create(MaintenanceSchema, {
      domain: "parley.test.v1",
      reason: "moving disks",
      author: "ada",
      expectedEnd: timestampFromMs(Date.now() + 600_000),
    });
    await mesh.maintenance.begin(maintenance);
    const place = "test-held~quiet";
    const { events } = streamNames(mesh.namespace);
    const { consumers } = mesh.broker.manager;
    await until(async () => (await consumers.info(events, place)).num_waiting === 0);
    await mesh.publish(EchoSaidSchema, { key: "waits" });
    await until(async () => (await consumers.info(events, place)).num_pending === 1);
    const later = { clock: ahead(3_600_000) };
    expect(await found(mesh, "hearer-leftover", later)).toEqual([]);
    expect(await found(mesh, "hearer-behind", later)).toEqual([]);
    const what = expect.stringContaining('("moving disks", by ada since ');
    const next = expect.stringContaining("parley maintenance end --domain parley.test.v1");
    const told = { where: "parley.test.v1", what, next };
    expect(await found(mesh, "maintenance")).toMatchObject([{ severity: "notice", ...told }]);
    expect(await found(mesh, "maintenance", later)).toMatchObject([{ severity: "warning", ...told }]);
    await expect(removeHearer(mesh.broker, mesh.namespace, { name: place, ...later })).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("maintenance of"),
    });
    await mesh.maintenance.end("parley.test.v1", "ada");
    expect(await found(mesh, "maintenance")).toEqual([]);
    await until(async () => (await consumers.info(events, place)).num_pending === 0);
  });

  test("finds a hearer that is behind, but none that is idle", async () => {
    const gate = Promise.withResolvers<void>();
    const hearer = on(EchoSaidSchema, { name: "slow" }, () => gate.promise);
    await using mesh = await testMesh({ agents: [defineAgent({ name: "test.slow", hears: [hearer] })] });
    const { events } = streamNames(mesh.namespace);
    const later = { clock: ahead(61_000) };
    expect(await found(mesh, "hearer-behind", later)).toEqual([]);
    for (let i = 0; i < 40; i++) await mesh.publish(EchoSaidSchema, { key: `k${i}` });
    const pending = async () => (await mesh.broker.manager.consumers.info(events, "test-slow~slow")).num_pending;
    await until(async () => (await pending()) === 8);
    expect(await found(mesh, "hearer-behind", later)).toMatchObject([
      { severity: "warning", where: `${events} > test-slow~slow`, what: expect.stringMatching(/^8 message\(s\) wait/) },
    ]);
    gate.resolve();
    await until(async () => (await pending()) === 0);
    expect(await found(mesh, "hearer-behind", later)).toEqual([]);
  });

  test("finds dead letters", async () => {
    const failing = on(EchoSaidSchema, { name: "fails" }, () => {
      throw new TypeError("never");
    });
    await using mesh = await testMesh({ agents: [defineAgent({ name: "test.fails", hears: [failing] })] });
    await mesh.publish(EchoSaidSchema, { key: "k" });
    await until(async () => {
      await mesh.advance(60_000);
      return (await mesh.deadLetters()).length > 0;
    });
    expect(await found(mesh, "dead-letters")).toMatchObject([
      { severity: "warning", what: expect.stringContaining('1 message(s) that hearer "fails" of agent "test.fails"') },
    ]);
  });

  test("finds an instance that is frozen or gone while the directory still has it", async () => {
    await using mesh = await testMesh({ agents: [] });
    await using process = await startHost({ broker: mesh.broker.url, namespace: mesh.namespace });
    expect(await found(mesh, "endpoint-silent")).toEqual([]);
    await process.signal("SIGSTOP");
    expect(await found(mesh, "endpoint-silent")).toMatchObject([
      { severity: "error", where: process.url, what: expect.stringContaining("no answer within") },
    ]);
    await process.signal("SIGCONT");
    await process.signal("SIGKILL");
    expect(await found(mesh, "endpoint-silent")).toMatchObject([
      { where: process.url, what: expect.stringContaining("ECONNREFUSED") },
    ]);
  });

  test("finds that a namespace has no streams at all, and makes none", async () => {
    await using mesh = await testMesh({ agents: [] });
    const none = `${mesh.namespace}-none`;
    const findings = await examine(mesh.broker, none);
    const missing = findings.filter(({ code }) => code === "stream-missing").map(({ where }) => where);
    const { events, commands, schedules, statuses, dead, audit } = streamNames(none);
    expect(missing.sort()).toEqual([audit, commands, dead, events, schedules, ...statuses]);
    for await (const name of mesh.broker.manager.streams.names()) expect(name).not.toContain(none);
  });
});
