// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  MaintenanceNoteSchema,
  MaintenanceSchema,
  MaintenanceService,
  SystemMaintenanceSchema,
  SystemReadySchema,
} from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import type { Client } from "@parley/mesh";
import { openBucket } from "@parley/mesh/broker";
import { operatorAgent } from "@parley/mesh/operator";
import { ManualClock, type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountAgent, auditAgent, counts } from "../agents/account-agent.ts";
import { AccountDepositedSchema, AccountService } from "../gen/parley/test/v1/account_pb.js";
import { until } from "../tools/until.ts";

/** An operator's host and, apart from it, the host that is maintained. */
describe("under maintenance", () => {
  const clock = new ManualClock();
  const by = { author: "ada", reason: "moving disks" };
  let mesh: TestMesh;
  let desk: TestMesh;
  let maintenance: Client<typeof MaintenanceService>;
  let accounts: Client<typeof AccountService>;

  beforeEach(async () => {
    const { agent, attach } = operatorAgent();
    desk = await testMesh({ agents: [agent], clock });
    attach(desk);
    mesh = await testMesh({ agents: [accountAgent, auditAgent], namespace: desk.namespace, clock });
    await until(() => desk.directory.instancesOf(AccountService.typeName).length > 0);
    maintenance = desk.client(MaintenanceService);
    accounts = desk.client(AccountService);
  });

  afterEach(async () => {
    await mesh.drain();
    await desk.drain();
  });

  const seen = (count: number) => until(() => mesh.maintenance.all().length === count);

  test.each([
    ["the mesh", ""],
    ["a package", "parley.test.v1"],
  ])("%s answers questions and refuses what may change something, until it is over [R40]", async (_, domain) => {
    await accounts.deposit({ account: "a", amount: 5n });
    await maintenance.beginMaintenance({ ...by, domain, expected: { seconds: 90n } });
    await seen(1);
    await clock.advance(30_000);
    await expect(accounts.deposit({ account: "a", amount: 1n })).rejects.toMatchObject({
      code: "MAINTENANCE",
      mayHaveRun: false,
      retryAfterMs: 60_000,
      message: expect.stringContaining('("moving disks", by ada since '),
    });
    await expect(accounts.getBalance({ account: "a" })).resolves.toMatchObject({ balance: 5n });
    // It takes longer than anybody thought.
    await clock.advance(60_000);
    await expect(accounts.deposit({ account: "a", amount: 1n })).rejects.toMatchObject({ retryAfterMs: 30_000 });

    await maintenance.endMaintenance({ domain, author: "bob" });
    await seen(0);
    await expect(accounts.deposit({ account: "a", amount: 1n })).resolves.toMatchObject({ balance: 6n });
    await expect(mesh.heard(SystemMaintenanceSchema)).resolves.toMatchObject({ maintenance: { domain, ...by } });
    await expect(mesh.heard(SystemReadySchema)).resolves.toMatchObject({ endedBy: "bob", maintenance: by });
  });

  test.each([
    ["the mesh", ""],
    ["its package", "parley.test.v1"],
  ])("%s, hearers wait, and hear all afterwards", async (_, domain) => {
    await maintenance.beginMaintenance({ ...by, domain });
    await seen(1);
    // A host that does not know yet, or what was on its way.
    await mesh.publish(AccountDepositedSchema, { account: "a", amount: 1n });
    await mesh.settled();
    expect(await mesh.load(counts.at("a"))).toBe(0);
    await maintenance.endMaintenance({ domain, author: "ada" });
    await seen(0);
    await mesh.settled();
    expect(await mesh.load(counts.at("a"))).toBe(1);
  });

  test("a host that starts meanwhile hears nothing either", async () => {
    await maintenance.beginMaintenance({ ...by });
    await seen(1);
    await mesh.publish(AccountDepositedSchema, { account: "a", amount: 1n });
    await mesh.drain();
    mesh = await testMesh({ agents: [accountAgent, auditAgent], clock, namespace: desk.namespace });
    await mesh.settled();
    expect(await mesh.load(counts.at("a"))).toBe(0);
    await maintenance.endMaintenance({ author: "ada" });
    await until(async () => (await mesh.load(counts.at("a"))) === 1);
  });

  test("another package goes on", async () => {
    await maintenance.beginMaintenance({ ...by, domain: "parley.mesh.v1" });
    await seen(1);
    await expect(accounts.deposit({ account: "a", amount: 1n })).resolves.toMatchObject({ balance: 1n });
    await expect(maintenance.endMaintenance({ domain: "parley.mesh.v1", author: "ada" })).resolves.toBeDefined();
  });

  test("a second one of the same scope is refused and says whose the first is; one of a package stands beside", async () => {
    await maintenance.beginMaintenance({ ...by });
    await expect(maintenance.beginMaintenance({ author: "bob", reason: "me too" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining('maintenance of the mesh ("moving disks", by ada since '),
    });
    await maintenance.beginMaintenance({ author: "bob", reason: "me too", domain: "parley.test.v1" });
    await seen(2);
    await maintenance.endMaintenance({ author: "ada" });
    await seen(1);
    await expect(accounts.deposit({ account: "a", amount: 1n })).rejects.toMatchObject({
      message: expect.stringContaining('maintenance of "parley.test.v1" ("me too", by bob'),
    });
    const { maintenances } = await maintenance.listMaintenances({});
    expect(maintenances.map(({ author }) => author)).toEqual(["bob"]);
  });

  test("of two that end one at the same time one does", async () => {
    await maintenance.beginMaintenance({ ...by });
    const ends = ["ada", "bob", "cleo"].map((author) => maintenance.endMaintenance({ author }));
    const outcomes = await Promise.allSettled(ends);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    const refused = outcomes.find((outcome) => outcome.status === "rejected");
    expect(refused).toMatchObject({ reason: { code: "NOT_FOUND" } });
    await mesh.heard(SystemReadySchema);
    await mesh.settled();
    expect(mesh.events.of(SystemReadySchema)).toHaveLength(1);
    await maintenance.beginMaintenance({ ...by, reason: "again" });
    await expect(mesh.heard(SystemMaintenanceSchema, { maintenance: { reason: "again" } })).resolves.toBeDefined();
    await maintenance.endMaintenance({ author: "ada" });
  });

  test("that somebody began or ended who was gone before telling it is told by the next operator, once", async () => {
    const operates = async () => {
      const { agent, attach } = operatorAgent();
      const other = await testMesh({ agents: [agent], namespace: desk.namespace, clock });
      attach(other);
      return other;
    };
    // What a process leaves behind that ends in between.
    await mesh.maintenance.begin(create(MaintenanceSchema, { ...by, beganAt: timestampFromMs(clock.now()) }));
    {
      await using one = await operates();
      await using two = await operates();
      await expect(mesh.heard(SystemMaintenanceSchema)).resolves.toMatchObject({ maintenance: by });
      await until(() => [one, two].every(({ maintenance }) => maintenance.untold().length === 0));
    }
    await mesh.maintenance.end("", "bob");
    await expect(maintenance.endMaintenance({ author: "cleo" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await using three = await operates();
    await expect(mesh.heard(SystemReadySchema)).resolves.toMatchObject({ endedBy: "bob", maintenance: by });
    await until(() => three.maintenance.untold().length === 0);
    await mesh.settled();
    expect(mesh.events.of(SystemMaintenanceSchema)).toHaveLength(1);
    expect(mesh.events.of(SystemReadySchema)).toHaveLength(1);
  });

  test("that somebody began who was gone before telling it is told before its end is, when it is ended at once", async () => {
    await desk.maintenance.begin(create(MaintenanceSchema, { ...by, beganAt: timestampFromMs(clock.now()) }));
    await maintenance.endMaintenance({ author: "bob" });
    await mesh.heard(SystemReadySchema);
    await mesh.settled();
    expect(mesh.events.of(SystemMaintenanceSchema)).toMatchObject([{ maintenance: by }]);
    expect(mesh.events.of(SystemReadySchema)).toMatchObject([{ endedBy: "bob" }]);
  });

  test("an entry that nobody can read counts as a maintenance, and is told of by nobody", async () => {
    const { broker, namespace } = mesh;
    const bucket = await openBucket(broker, { namespace, purpose: "maintenance" });
    for (const [key, value] of [
      ["domain.x", toBinary(MaintenanceNoteSchema, create(MaintenanceNoteSchema, { endedBy: "nobody" }))],
      ["domain.y", Uint8Array.of(0xff)],
    ] as const) {
      await bucket.create(key, value);
    }
    await until(() => desk.maintenance.all().length === 2);
    await seen(2);
    expect(mesh.maintenance.all()).toMatchObject([{ reason: "unreadable entry" }, { reason: "unreadable entry" }]);
    await maintenance.beginMaintenance({ ...by });
    await maintenance.endMaintenance({ author: "ada" });
    await mesh.heard(SystemReadySchema);
    await mesh.settled();
    expect(mesh.events.of(SystemMaintenanceSchema)).toMatchObject([{ maintenance: by }]);
    expect(mesh.events.of(SystemReadySchema)).toMatchObject([{ endedBy: "ada" }]);
  });

  test("what is none cannot be ended, and of what nobody knows none begins", async () => {
    await expect(maintenance.endMaintenance({ author: "ada" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "no maintenance of the mesh is underway; none is underway at all",
    });
    await expect(maintenance.beginMaintenance({ ...by, domain: "parley.tset.v1" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("there are parley.mesh.v1, parley.test.v1"),
    });
    await expect(maintenance.beginMaintenance({ author: "ada" })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
  });
});
