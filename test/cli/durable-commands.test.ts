// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { operatorAgent } from "@parley/mesh/operator";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Workshop } from "../agents/job-agent.ts";
import { JobService } from "../gen/parley/test/v1/job_pb.js";
import { Lines } from "./lines.ts";

// Each command is a process of its own, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const workshop = new Workshop();
const lines = new Lines();
let mesh: TestMesh;
beforeAll(async () => {
  const { agent, attach } = operatorAgent();
  mesh = await testMesh({ agents: [workshop.agent(), agent] });
  attach(mesh);
});
afterAll(async () => {
  await lines[Symbol.asyncDispose]();
  await mesh.drain();
});

/** Carries out `parley commands …` against the mesh. */
function commands(...args: readonly string[]) {
  return lines.run(["commands", ...args, "--url", mesh.url]);
}

test("a command is dispatched, watched to its end, shown and listed", async () => {
  const batch = `b-${randomUUID()}`;
  workshop.behave("by hand", () => "well done");
  const dispatched = await commands("dispatch", "JobService/Do", '{"name":"by hand"}', "--batch", batch, "-o", "json");
  expect(dispatched.code).toBe(0);
  const { id, batchId } = JSON.parse(dispatched.output);
  expect(batchId).toBe(batch);
  const watched = await commands("watch", id);
  expect([watched.code, watched.output.trim().split("\n").at(-1)]).toEqual([0, "DONE"]);
  const shown = await commands("show", id);
  expect(shown.output).toMatch(/^state +DONE$/m);
  expect(shown.output).toMatch(/^reply +\{"note":"well done"\}$/m);
  const listed = await commands(
    "list",
    "--batch",
    batch,
    "--status",
    "done",
    "--method",
    "JobService/Do",
    "-o",
    "json",
  );
  expect(JSON.parse(listed.output)).toMatchObject([{ id, state: "DONE", method: "parley.test.v1.JobService/Do" }]);
  const table = await commands("list");
  expect(table.output).toMatch(/^CHANGED +STATE +METHOD +TRIES +NEXT TRY +ID +ERROR$/m);
  expect(table.output).toMatch(new RegExp(`DONE +JobService/Do +1 +${id}$`, "m"));
});

test("a command that failed ends a watch with 1, and cannot be taken back", async () => {
  workshop.behave("fails", () => {
    throw new TypeError("a defect");
  });
  const { id } = await mesh.dispatch(JobService.method.do, { name: "fails" });
  for (const delayMs of [0, 1_000, 4_000, 16_000]) await mesh.advance(delayMs);
  const watched = await commands("watch", id);
  expect(watched.code).toBe(1);
  expect(watched.output).toBe("FAILED  try 4  INTERNAL: a defect\n");
  const cancelled = await commands("cancel", id);
  expect(cancelled.code).toBe(1);
  expect(cancelled.errors).toContain("COMMAND_ENDED");
});

test("a command for later is taken back", async () => {
  const at = new Date(mesh.clock.now() + 3_600_000).toISOString();
  const dispatched = await commands("dispatch", "JobService/Do", '{"name":"later"}', "--at", at, "-o", "json");
  const { id, state } = JSON.parse(dispatched.output);
  expect(state).toBe("SCHEDULED");
  expect((await commands("list")).output).toMatch(
    new RegExp(`SCHEDULED +JobService/Do +0 +${at.slice(0, 19)}Z +${id}$`, "m"),
  );
  const cancelled = await commands("cancel", id, "--author", "ada");
  expect(cancelled.code).toBe(0);
  expect(cancelled.output).toMatch(/^state +CANCELLED$/m);
  expect(cancelled.output).not.toMatch(/^(next try|given up at)/m);
  expect(cancelled.output).toMatch(/^taken back by +ada$/m);
});
