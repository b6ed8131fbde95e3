// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { Command } from "./command.ts";
import { Lines } from "./lines.ts";

const lines = new Lines();
afterAll(() => lines[Symbol.asyncDispose]());

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-restart-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Calls a method of the mesh whose state is in that folder. */
async function call(state: string, method: string, request: object): Promise<Record<string, never>> {
  const { code, output, errors } = await lines.run(["call", method, JSON.stringify(request), "--state", state]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  return JSON.parse(output);
}

async function up(state: string, ...args: readonly string[]): Promise<Command> {
  const command = new Command(["up", "--port", "0", "--state", state, ...args]);
  await command.shows(/^ready /m);
  return command;
}

const list = "SchedulingAgentService/ListAppointments";
const upsert = "ProviderAgentService/UpsertProvider";
const providers = "ProviderAgentService/ListProviders";
const converse = "UserAgentService/Converse";

test("a mesh that is started again on its state folder goes on: bookings, conversations and changed providers are there, and nothing is seeded twice", {
  timeout: 60_000,
}, async () => {
  const state = await newFolder();
  let offered: { conversationId: string; offers: { slotId: string }[] };
  let name = "";
  {
    await using _mesh = await up(state);
    const doctor = await call(state, converse, { userId: "ann", text: "a doctor tomorrow afternoon" });
    await call(state, converse, { userId: "ann", text: "the first", conversationId: doctor["conversationId"] });
    offered = (await call(state, converse, { userId: "ann", text: "a dentist next week" })) as never;
    const known = (await call(state, providers, {})) as unknown as {
      providers: { providerId: string; name: string }[];
    };
    const [first] = known.providers;
    name = `${first?.name} the Younger`;
    await call(state, upsert, { provider: { ...first, name } });
  }
  await using _again = await up(state, "--processes");
  const { conversationId, offers } = offered;
  const booked = (await call(state, converse, { userId: "ann", text: "the second", conversationId })) as never;
  expect(booked).toMatchObject({ appointment: { slotId: offers[1]?.slotId } });
  expect(await call(state, list, { userId: "ann" })).toMatchObject({
    appointments: [{ serviceType: "doctor" }, { serviceType: "dentist" }],
  });
  const known = (await call(state, providers, {})) as unknown as { providers: { name: string }[] };
  expect(known.providers[0]?.name).toBe(name);
  expect(known.providers).toHaveLength(5);
});
