// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, inject, onTestFinished, test, vi } from "vitest";
import { run } from "./command.ts";
import { Lines } from "./lines.ts";

// Whole meshes are started here, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const placements = [
  { name: "one process", args: [], calls: "12 calls (0 between processes)" },
  { name: "a process each", args: ["--processes"], calls: "12 calls (12 between processes)" },
];

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "parley-demo-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const lines = new Lines();
afterAll(() => lines[Symbol.asyncDispose]());

/** Who is booked depends on the season: they work by the clocks of different countries. */
const booked = /(→ pa_prov_dr_)\w+ (RequestBooking)$/;

/** Every line that tells of a call or an event, without its times. */
function steps(output: string): readonly string[] {
  const told = [...output.matchAll(/^ +\+\d+ ms {2}(call|event|heard) +(\S.*?) {2,}(\S+) +[\d.]+ ms$/gm)];
  return told.map(([, kind, who, what]) => `${kind} ${who} ${what}`.replace(booked, "$1… $2")).sort();
}

const expectedSteps = [
  "call person_user123 → scheduling.user Converse",
  "call person_user123 → scheduling.user Converse",
  "call person_user123 → scheduling.user WatchNotifications",
  "call scheduling.main → pa_prov_dr_smith QueryAvailability",
  "call scheduling.main → pa_prov_dr_… RequestBooking",
  "call scheduling.main → pa_prov_dr_weber QueryAvailability",
  "call scheduling.main → scheduling.provider ListProviders",
  "call scheduling.user → scheduling.main ConfirmSlot",
  "call scheduling.user → scheduling.main RequestAppointment",
  "call scheduling.user → scheduling.provider ListProviders",
  "call scheduling.user → scheduling.provider ListProviders",
  "call scheduling.user → scheduling.provider WatchBookings",
  "event scheduling.main tells all APPOINTMENT_REQUESTED",
  "event scheduling.main tells all SLOTS_OFFERED",
  "event scheduling.provider tells all APPOINTMENT_CONFIRMED",
];

const expectedHearers = [
  "heard scheduling.provider hears APPOINTMENT_CONFIRMED",
  "heard scheduling.user hears APPOINTMENT_CONFIRMED",
];

test.each(placements)("the demo carries out one booking, agents in $name [R21]", async ({ args, calls }) => {
  const state = await newFolder();
  const { code, output, errors } = await run(["up", "--demo", "--exit", "--port", "0", "--state", state, ...args]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  expect(output).toMatch(/^ready http:\/\/localhost:\d+$/m);
  const told = steps(output);
  expect(told.filter((step) => !step.startsWith("heard "))).toEqual(expectedSteps.toSorted());
  // Others hear it too, sooner or later; these two are waited for.
  expect(told).toEqual(expect.arrayContaining([...expectedHearers]));
  const sentence = output.indexOf("Book a doctor's appointment for tomorrow afternoon");
  const offers = output.search(
    /^ {2}1\. {2}[01]\.\d\d {3}\w+ \d+ \w+ \d\d:\d\d–\d\d:\d\d {2}Dr\. .*Matches time preference/m,
  );
  const answer = output.indexOf("These times are free");
  const confirmed = output.search(/Your appointment is confirmed: Dr\. /);
  expect([0, sentence, offers, answer, confirmed].toSorted((a, b) => a - b)).toEqual([
    0,
    sentence,
    offers,
    answer,
    confirmed,
  ]);
  expect(output).toMatch(/^user123 is told +Your appointment is confirmed/m);
  expect(output).toMatch(/^prov_dr_\w+ is told +New appointment: doctor/m);
  expect(output).toContain(calls);
  // Colour is for terminals.
  expect(output).not.toContain("\u001b");
  expect(output.match(/^trace +[0-9a-f]{32} /gm)).toHaveLength(2);
});

test.each([
  ["time-off", ["UPDATE_ACKNOWLEDGED", "Sorry, the provider became unavailable"]],
  ["suggestion", ["SUGGESTION_PROPOSED", "Your preferred provider, Clara Neumann, has new availability"]],
  ["group", ["Booked for ann, bob, cleo", "Sorry, a room or device that it needs was just taken"]],
])("the demo %s shows what its name says, in a mesh of which nothing stays", async (name, shown) => {
  const { code, output, errors } = await lines.run(["demo", name]);
  expect({ code, errors }).toEqual({ code: 0, errors: "" });
  for (const text of shown) expect(output).toContain(text);
});

test("demos are listed, and one that there is not is refused with their names", async () => {
  const listed = await lines.run(["demo"]);
  const names = ["booking", "time-off", "suggestion", "group"];
  expect(listed.output.trim().split("\n")).toEqual(expect.arrayContaining(names));
  const { code, errors } = await lines.run(["demo", "nothing"]);
  expect(code).not.toBe(0);
  expect(errors).toMatch(/no demo "nothing"; there are: booking, time-off/);
});

test("a mesh that was begun empty is not seeded later, and a demo that fails ends with exit code 1, after what was said so far", async () => {
  const up = ["up", "--exit", "--port", "0", "--state", await newFolder()];
  expect(await lines.run([...up, "--empty"])).toMatchObject({ code: 0, errors: "" });
  const { code, output, errors } = await lines.run([...up, "--demo"]);
  expect(code).toBe(1);
  expect(output).toContain("Book a doctor's appointment");
  expect(errors).toMatch(/the demo failed: .*offered no slot/);
});

test("PARLEY_NATS_URL makes it use that broker and start none", async () => {
  const state = await newFolder();
  const env = { PARLEY_NATS_URL: inject("natsUrl") };
  const { code } = await lines.run(["up", "--demo", "--exit", "--port", "0", "--state", state], { env });
  expect(code).toBe(0);
  await expect(rm(join(state, "broker"))).rejects.toThrow("ENOENT");
});
