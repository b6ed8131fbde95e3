// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { AppointmentConfirmedSchema } from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { defineAgent } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { appointmentOf } from "./messages/appointment-message.ts";
import { present } from "./messages/present.ts";
import { newsroom } from "./newsroom.ts";
import { newsOf } from "./notification.ts";

const { tells, watch } = newsroom("reader");
const hears = [
  tells(AppointmentConfirmedSchema, "confirmed", ({ appointment: message }) => {
    const appointment = appointmentOf(present(message));
    return { readers: [appointment.userId], news: newsOf("APPOINTMENT_CONFIRMED", appointment) };
  }),
];
let mesh: TestMesh;
beforeAll(async () => {
  mesh = await testMesh({ agents: [defineAgent({ name: "test.reader", hears })] });
});
afterAll(() => mesh.drain());

const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => `p.${from + index}`);

async function confirm(userId: string, appointmentIds: readonly string[]): Promise<void> {
  for (const appointmentId of appointmentIds)
    await mesh.publish(AppointmentConfirmedSchema, { appointment: { appointmentId, userId, providerId: "p" } });
}

async function read(reader: string, after: string, count: number): Promise<readonly string[]> {
  const read: string[] = [];
  const end = new AbortController();
  for await (const { appointment } of watch(reader, after, { load: mesh.load, signal: end.signal })) {
    read.push(appointment?.appointmentId ?? "");
    if (read.length === count) end.abort();
  }
  return read;
}

test("kept news come first, then new ones, each once, to their reader alone", async () => {
  await confirm("ann", ["p.1", "p.2", "p.2", "p.1"]);
  await confirm("bob", ["p.9"]);
  await mesh.settled();
  const reading = read("ann", "", 4);
  await confirm("ann", ["p.3", "p.3", "p.4"]);
  expect(await reading).toEqual(["p.1", "p.2", "p.3", "p.4"]);
});

test("a watch goes on after the news it knows; unknown ones mean all", async () => {
  await confirm("cleo", ids(1, 3));
  await mesh.settled();
  expect(await read("cleo", "p.2.appointment_confirmed", 1)).toEqual(["p.3"]);
  expect(await read("cleo", "gone", 3)).toEqual(ids(1, 3));
});

test("the latest fifty are kept, also behind a snapshot", async () => {
  await confirm("dora", ids(0, 110));
  await mesh.settled();
  expect(await read("dora", "", 50)).toEqual(ids(60, 50));
});

test("a reader whose id is longer than a key may be is told all the same", async () => {
  const emoji = "\u{1F600}".repeat(127);
  await confirm(`${emoji}a`, ["p.1"]);
  await confirm(`${emoji}b`, ["p.2"]);
  await mesh.settled();
  expect(await read(`${emoji}b`, "", 1)).toEqual(["p.2"]);
});

test("a watch that is given up ends at once, also while it waits", async () => {
  const end = new AbortController();
  const context = { load: mesh.load, signal: end.signal };
  const waiting = watch("eve", "", context)[Symbol.asyncIterator]().next();
  end.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test("an announcement without an appointment is refused before anybody hears it", async () => {
  const empty = create(AppointmentConfirmedSchema, {});
  await expect(mesh.publish(AppointmentConfirmedSchema, empty)).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
});
