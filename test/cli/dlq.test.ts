// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";
import { Command, type Ended } from "./command.ts";
import { Lines } from "./lines.ts";

const listener = new Listener();
const lines = new Lines();
let mesh: TestMesh;

beforeAll(async () => {
  const { agent, attach } = operatorAgent();
  mesh = await testMesh({ agents: [listener.agent("test.ear"), agent] });
  attach(mesh);
});

afterAll(async () => {
  await lines[Symbol.asyncDispose]();
  await mesh.drain();
});

function parley(...args: readonly string[]): Promise<Ended> {
  return lines.run([...args, "--url", mesh.url]);
}

// Each try of each test has keys of its own and finds no letters of others.
let tries = 0;
beforeEach(async () => {
  tries++;
  await parley("dlq", "discard", "--all", "--reason", "a new try");
});
const fresh = (key: string) => `${key}-${tries}`;

/** Makes events die, and mends what they died of. */
async function die(...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    listener.behave(key, () => {
      throw new MeshError({ code: "REFUSED", message: `no room for ${key}` });
    });
    await mesh.publish(EchoSaidSchema, { key, text: `to ${key}` });
    await mesh.settled();
    listener.behave(key, () => {});
  }
}

async function letters(
  ...filter: readonly string[]
): Promise<readonly { readonly id: string; readonly key: string }[]> {
  const { output, code } = await parley("dlq", "list", "-o", "json", ...filter);
  expect(code).toBe(0);
  return JSON.parse(output);
}

test("dlq list and show tell who gave up on what, and why, for people and for programs", async () => {
  expect(await parley("dlq", "list")).toMatchObject({ code: 0, output: "no dead letters\n" });
  expect(await letters()).toEqual([]);
  const [dead, hidden] = [fresh("shown"), fresh("hidden")];
  await die(dead, hidden);
  const [{ id } = { id: "" }] = await letters("--key", dead);
  const list = await parley("dlq", "list", "--limit", "1");
  expect(list.output).toMatch(
    /^ID +DIED +AGENT +HEARER +KEY +TRIES +CODE +WHY\n\S+ +20\d\d-\S+Z +test.ear +listen +hidden-\d+ +1 +REFUSED +no room for hidden-\d+\n$/,
  );
  expect(list.errors).toContain("There are more");
  const { output } = await parley("dlq", "show", id);
  expect(output).toMatch(/^REFUSED INVALID no room for shown-\d+\n/);
  expect(output).toMatch(/\{\n {2}"key": "shown-\d+",\n {2}"text": "to shown-\d+"\n\}\n$/);
  const json = JSON.parse((await parley("dlq", "show", id, "-o", "json")).output);
  expect(json).toMatchObject({ key: dead, message: { key: dead }, letter: { id, agent: "test.ear" } });
});

test("what makes no sense exits with 1 and says what to do", async () => {
  const cases = [
    [["dlq", "show", "no-such"], /NOT_FOUND there is no dead letter "no-such"/],
    [["dlq", "list", "--since", "lately"], /Write e.g. 15m, 2h/],
    [["dlq", "redrive"], /the filter is empty/],
    [["dlq", "edit", "no-such", "--json", "{"], /is no JSON/],
  ] as const;
  const ended = await Promise.all(cases.map(([args]) => parley(...args)));
  for (const [index, [, problem]] of cases.entries()) {
    expect(ended[index]).toMatchObject({ code: 1, errors: expect.stringMatching(problem) });
  }
});

test("dlq redrive has letters handled again, dlq discard removes them, both only say so in a dry run", async () => {
  const [again, given] = [fresh("again"), fresh("given up")];
  await die(again, given);
  const dry = await parley("dlq", "redrive", "--all", "--dry-run");
  expect(dry).toMatchObject({ code: 0, output: "2 would be redriven\n" });
  const [{ id } = { id: "" }] = await letters("--key", again);
  expect(await parley("dlq", "redrive", id)).toMatchObject({ code: 0, output: "1 redriven\n", errors: "" });
  await until(() => listener.runsOf(again).length === 2);
  await mesh.settled();
  const discarded = await parley("dlq", "discard", "--hearer", "listen", "--reason", "seen", "-o", "json");
  expect(JSON.parse(discarded.output)).toEqual({
    ...{ discarded: 1, failed: 0, seen: 1, dryRun: false, finished: true },
    problems: [],
  });
  expect(await letters()).toEqual([]);
});

test("dlq edit takes JSON, and without a terminal nothing else", async () => {
  await die(fresh("edited"), fresh("typed"));
  const well = fresh("typed-well");
  const [typed, edited] = await letters();
  const json = JSON.stringify({ key: well, text: "corrected" });
  const sent = await parley("dlq", "edit", typed?.id ?? "", "--json", json, "-o", "json");
  expect(JSON.parse(sent.output)).toMatchObject({ dryRun: false, messageId: expect.any(String) });
  await until(() => listener.runsOf(well).length === 1);
  const { code, errors } = await parley("dlq", "edit", edited?.id ?? "");
  expect([code, errors]).toEqual([1, expect.stringContaining("no terminal for an editor")]);
  expect(await letters()).toHaveLength(1);
});

test("dlq redrive that is interrupted says how far it came, and exits with 130", async () => {
  const first = fresh("first");
  await die(first, fresh("second"), fresh("third"));
  await using command = new Command(["dlq", "redrive", "--all", "--rate", "1", "--url", mesh.url]);
  await until(() => listener.runsOf(first).length === 2);
  // The clock of the mesh stands, so the second one waits for ever.
  command.process.kill("SIGINT");
  expect(await command.ended()).toMatchObject({
    code: 130,
    output: expect.stringContaining("until it was interrupted"),
  });
  expect(await letters()).toHaveLength(2);
});

test("replay sends past events to one hearer", async () => {
  const key = fresh("past");
  await mesh.publish(EchoSaidSchema, { key, text: "once" });
  await until(() => listener.runsOf(key).length === 1);
  const dry = await parley("replay", "test.ear", "listen", "--key", key, "--dry-run");
  expect(dry).toMatchObject({ code: 0, output: "1 would be replayed\n" });
  const again = await parley("replay", "test.ear", "listen", "--key", key, "--again");
  expect(again).toMatchObject({
    code: 0,
    output: "1 replayed\n",
    errors: expect.stringMatching(/^replay \S+; --name/),
  });
  await until(() => listener.runsOf(key).length === 2);
  const nobody = await parley("replay", "test.ear", "renamed");
  expect([nobody.code, nobody.errors]).toEqual([1, expect.stringContaining("NOT_FOUND")]);
});
