// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import fc from "fast-check";
import { expect, test } from "vitest";
import { keyOfToken, keyToken, nameOfToken, nameToken } from "./key-token.ts";
import { durableName, Subjects } from "./subjects.ts";

const subjects = new Subjects("parley");
const booked = { domain: "parley.scheduling.v1", typeName: "parley.scheduling.v1.SlotHeld", priority: "HIGH" } as const;
const confirm = { name: "parley.scheduling.v1.SchedulingAgentService/ConfirmSlot", priority: "CRITICAL" } as const;
const notify = { agent: "scheduling.user", hearer: "notify" } as const;
const calendar = { domain: "parley.scheduling.v1", journal: "calendar", key: "dr-1" };
const hostile = ["a.b", "a b", "*", ">", "a\r\nb", "\u0000", "ü", "=", "", "a/b", "💊", "..", "\u2028"];

test("the subjects are pinned", () => {
  expect([
    subjects.journal("parley.scheduling.v1"),
    subjects.stateEvent(calendar, booked.typeName, "high"),
    subjects.stateEvent(calendar, booked.typeName, undefined),
    subjects.stateOf(calendar),
    subjects.snapshot(calendar),
    subjects.outgoingEvent(booked, "dr-1"),
    subjects.outgoingCommand({ ...confirm, id: "id-1", key: "dr-1" }),
    subjects.handledMark("parley.scheduling.v1", "scheduling.user", "m-1"),
    subjects.heardEvent(booked.typeName),
    subjects.heardEvent(booked.typeName, { lane: "high", partition: 3 }),
    subjects.heardCommand(confirm.name, { lane: "low" }),
    subjects.outgoingEventTo({ ...notify, lane: "high" }, "parley.scheduling.v1", "dr-1"),
    subjects.heardAlone(notify),
    subjects.heardAlone(notify, { lane: "low", partition: 3 }),
    subjects.scheduledEventTo("e-1", notify, "dr-1"),
    subjects.deadLetter("scheduling.user", "notify", "l-1"),
    subjects.deadLetters({ hearer: "notify" }),
    subjects.letterDecision("l-1"),
    subjects.schedule("c-1"),
    subjects.scheduledCommand("c-1", { ...confirm, id: "id-1", key: "dr-1" }),
    subjects.command("id-1"),
    subjects.status({ id: "id-1", agent: "scheduling.main", method: confirm.name }),
    subjects.status({ id: "id-1", agent: "scheduling.main", method: confirm.name, batch: "b-1" }),
    subjects.statusOf("id-1"),
    subjects.statuses(2, { agent: "scheduling.main", method: undefined, batch: "b-1" }),
    subjects.toldOf("id-1"),
    subjects.stop("i-1"),
    subjects.signal(booked.typeName, "dr-1"),
    durableName("scheduling.user", "notify"),
    durableName("scheduling.user", "notify", "3"),
  ]).toEqual([
    "parley.jrn.parley-scheduling-v1.>",
    "parley.jrn.parley-scheduling-v1.st.calendar.dr-1.evt.high.parley-scheduling-v1-SlotHeld",
    "parley.jrn.parley-scheduling-v1.st.calendar.dr-1.own.parley-scheduling-v1-SlotHeld",
    "parley.jrn.parley-scheduling-v1.st.calendar.dr-1.>",
    "parley.jrn.parley-scheduling-v1.snap.calendar.dr-1",
    "parley.jrn.parley-scheduling-v1.out.-.dr-1.evt.high.parley-scheduling-v1-SlotHeld",
    "parley.jrn.parley-scheduling-v1.out.-.dr-1.cmd.critical.parley-scheduling-v1-SchedulingAgentService-ConfirmSlot.id-1",
    "parley.jrn.parley-scheduling-v1.in.scheduling-user.m-1",
    "parley.evt.*.parley-scheduling-v1-SlotHeld.*.*",
    "parley.evt.high.parley-scheduling-v1-SlotHeld.3.*",
    "parley.cmd.low.parley-scheduling-v1-SchedulingAgentService-ConfirmSlot.*.*.*",
    "parley.jrn.parley-scheduling-v1.out.-.dr-1.evt.high.scheduling-user~notify",
    "parley.evt.*.scheduling-user~notify.*.*",
    "parley.evt.low.scheduling-user~notify.3.*",
    "parley.sched.e-1.evt.medium.scheduling-user~notify.dr-1",
    "parley.dead.scheduling-user.notify.l-1",
    "parley.dead.*.notify.*",
    "parley.audit.letter.l-1",
    "parley.sched.c-1.at",
    "parley.sched.c-1.cmd.critical.parley-scheduling-v1-SchedulingAgentService-ConfirmSlot.id-1.dr-1",
    "parley.cmd.*.*.*.id-1.*",
    "parley.status-2.id-1.scheduling-main.parley-scheduling-v1-SchedulingAgentService-ConfirmSlot.-",
    "parley.status-2.id-1.scheduling-main.parley-scheduling-v1-SchedulingAgentService-ConfirmSlot.b-1",
    "parley.status-2.id-1.>",
    "parley.status-2.*.scheduling-main.*.b-1",
    "parley.told.id-1.>",
    "parley.stop.i-1",
    "parley.sig.parley-scheduling-v1-SlotHeld.dr-1",
    "scheduling-user~notify",
    "scheduling-user~notify~3",
  ]);
});

test.each(hostile)("the key %j is one token of its own that gives the key back", (key) => {
  expect(keyToken(key)).toMatch(/^[A-Za-z0-9_=-]+$/);
  expect(keyOfToken(keyToken(key))).toBe(key);
  expect(subjects.outgoingEvent(booked, key).split(".")).toHaveLength(9);
});

test("every name comes back from its token, whatever stands in it", () => {
  const name = fc
    .string({
      unit: fc.oneof(fc.constantFrom(..."abcdef0129.-_/~ü💊"), fc.string({ unit: "binary", maxLength: 1 })),
      maxLength: 20,
    })
    .filter((text) => text !== "" && text.isWellFormed());
  fc.assert(fc.property(name, (text) => nameOfToken(nameToken(text)) === text));
});

test("every key comes back from its token, and no two keys share one", () => {
  const key = fc.string({ unit: "binary", maxLength: 40 }).filter((text) => text.isWellFormed());
  fc.assert(fc.property(key, (text) => keyOfToken(keyToken(text)) === text));
});

test("a key of more than 180 bytes is refused", () => {
  expect(keyToken("ü".repeat(90))).toHaveLength(241);
  expect(() => keyToken("ü".repeat(91))).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
});

test("a key that is half a surrogate pair is refused, for it would become another key", () => {
  expect(() => keyToken("a\ud800")).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
});

test("names that differ in a character that a token cannot hold stay apart", () => {
  const names = ["a.b", "a-b", "a_b", "a b", "a/b", "a~b", "a=b", "a*b"];
  expect(new Set(names.map(nameToken)).size).toBe(names.length);
  for (const name of names) expect(nameToken(name)).toMatch(/^[A-Za-z0-9_=-]+$/);
  expect(durableName("a.b", "c")).not.toBe(durableName("a", "b.c"));
});

test.each(["", "a.b", "a_b", "*", "a b", "x".repeat(41)])("the namespace %j is refused", (namespace) => {
  expect(() => new Subjects(namespace)).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
});

test.each(["", ".", "a..b", "a-b", "a b", "a.>"])("the type name %j is refused", (typeName) => {
  expect(() => subjects.heardEvent(typeName)).toThrow(expect.objectContaining({ code: "INVALID_KEY" }));
});

test("a method without a package has no journal to go to", () => {
  const method = { name: "Service/Method", priority: "LOW" } as const;
  expect(() => subjects.outgoingCommand({ ...method, id: "i", key: "k" })).toThrow(
    expect.objectContaining({ code: "INVALID_KEY" }),
  );
});
