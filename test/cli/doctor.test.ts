// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBroker, streamNames } from "@parley/mesh/broker";
import { testMesh } from "@parley/mesh/testing";
import { afterAll, expect, inject, test } from "vitest";
import { accountAgent } from "../agents/account-agent.ts";
import { Lines } from "./lines.ts";

const lines = new Lines();
afterAll(() => lines[Symbol.asyncDispose]());

test("doctor exits with 1 when it finds errors, and prints them for people or for programs", async () => {
  await using mesh = await testMesh({ agents: [accountAgent] });
  await using broker = await connectBroker({ url: inject("natsUrl"), name: "test" });
  const { audit } = streamNames(mesh.namespace);
  await broker.manager.streams.delete(audit);
  const args = ["doctor", "--broker", inject("natsUrl"), "--namespace", mesh.namespace];
  const shown = await lines.run(args);
  expect(shown.code).toBe(1);
  expect(shown.output).toContain(`error    ${audit}  stream-missing\n         The stream does not exist.\n`);
  expect(shown.output).toMatch(/\n1 error, 0 warnings, \d notices?\n$/);
  const told = await lines.run([...args, "-o", "json"]);
  expect(told.code).toBe(1);
  expect(JSON.parse(told.output)[0]).toMatchObject({ severity: "error", code: "stream-missing", where: audit });
});

test("doctor without a broker says where it looked", async () => {
  const state = await mkdtemp(join(tmpdir(), "parley-doctor-"));
  const nowhere = await lines.run(["doctor", "--state", state]);
  expect(nowhere.code).toBe(1);
  expect(nowhere.errors).toMatch(/no running mesh found: .*\n.*\nor its broker with --broker or PARLEY_NATS_URL\.\n/);
  const silent = await lines.run(["doctor", "--broker", "nats://127.0.0.1:1"]);
  expect(silent).toMatchObject({ code: 1, errors: expect.stringContaining("BROKER_UNAVAILABLE") });
  await rm(state, { recursive: true, force: true });
});
