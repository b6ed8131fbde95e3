// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { headers } from "@nats-io/transport-node";
import { SagaNeedsAttentionSchema, SagaStatus, SagaWakeSchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { MeshError, type Saga, undo } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkoutAgent } from "../agents/checkout-agent.ts";
import { booking, seats, TripWorld } from "../agents/trip-agents.ts";
import { SeatService, TripPaidSchema, TripWishedSchema } from "../gen/parley/test/v1/trip_pb.js";
import { until } from "../tools/until.ts";

const { COMPENSATED, COMPLETED, NEEDS_ATTENTION, RESOLVED, RUNNING } = SagaStatus;
const { book, release } = SeatService.method;
const world = new TripWorld();
let mesh: TestMesh;

beforeAll(async () => {
  mesh = await testMesh({ agents: [world.seats(), world.trips()] });
});
afterAll(() => mesh.drain());

const operator = { agent: "mesh.operator", by: "ada", note: "because" };
const idOf = (trip: string) => `test.trips/trip/${trip}`;
const shown = (trip: string) => mesh.sagas.get(idOf(trip));
const statusOf = (trip: string) =>
  shown(trip).then(
    ({ summary }) => summary.status,
    () => SagaStatus.UNSPECIFIED,
  );
const becomes = (trip: string, status: SagaStatus) => until(async () => (await statusOf(trip)) === status);
const isParked = (trip: string) =>
  until(async () => (await shown(trip).catch(() => undefined))?.records.at(-1)?.what.case === "parked");
const begin = (trip: string, plan: (saga: Saga) => Promise<unknown>) => {
  world.plans.set(trip, plan);
  return mesh.publish(TripWishedSchema, { trip, plan: trip });
};
const pay = (trip: string, amount: number) => mesh.publish(TripPaidSchema, { trip, amount });
const booked = (trip: string) => mesh.load(seats.at(trip));
const fail = () => {
  throw new MeshError({ code: "REFUSED", message: "no cabin" });
};

describe("a saga", () => {
  test("does its steps, each once, under its own id and in one trace, and completes [R18, R19]", async () => {
    const event = await begin("plain", async (saga) => {
      const [flight] = await saga.all(booking(saga, "flight"), booking(saga, "car"));
      expect(flight.seat).toBe("flight-1");
      await booking(saga, "hotel");
    });
    await becomes("plain", COMPLETED);
    expect(await booked("plain")).toEqual({ flight: 1, car: 1, hotel: 1 });
    const calls = mesh.observed.filter(({ kind, header }) => kind === "called" && header.workflowId === idOf("plain"));
    expect(calls.map(({ header }) => [header.sourceAgentId, header.causationId, header.correlationId])).toEqual(
      Array.from({ length: 3 }, () => ["test.trips", event.messageId, event.correlationId]),
    );
    const published = mesh.observed.find(({ header }) => header.messageId === event.messageId);
    expect(new Set(calls.map(({ traceId }) => traceId))).toEqual(new Set([published?.traceId]));
    expect((await shown("plain")).summary).toMatchObject({ saga: "trip", key: "plain", run: 1, steps: 3, version: 1 });
  });

  test("that fails undoes what it did, newest first, and what may have been done [R19]", async () => {
    world.before.set("book ship", (ctx) => {
      // The second commit of the handler: what came before it stays done.
      if (ctx.header.attempt > 0) throw new MeshError({ code: "REFUSED", message: "full", mayHaveRun: true });
    });
    await begin("undone", async (saga) => {
      await booking(saga, "train");
      await saga.call("book bus", book, { trip: "undone", item: "bus" });
      await booking(saga, "ship");
    });
    await becomes("undone", COMPENSATED);
    expect(world.came.slice(-5)).toEqual(["book train", "book bus", "book ship", "release ship", "release train"]);
    expect(await booked("undone")).toEqual({ train: 0, bus: 1 });
    expect((await shown("undone")).summary).toMatchObject({ error: { code: "REFUSED" }, canceled: false });
  });

  test("that catches a failure completes, and what the failed step may have left is undone first", async () => {
    world.before.set("book boat", fail);
    await begin("caught", async (saga) => {
      await booking(saga, "boat").catch(() => booking(saga, "ferry"));
    });
    await becomes("caught", COMPLETED);
    expect(await booked("caught")).toEqual({ ferry: 1 });
    expect(world.came.slice(-3)).toEqual(["book boat", "book ferry", "release boat"]);
  });

  test("undoes by the reply of a step, which is recorded with it", async () => {
    await begin("by reply", async (saga) => {
      const byReply = undo(release, ({ seat }: { seat: string }) => ({ trip: saga.key, item: "plane", seat }));
      await saga.call("book", book, { trip: saga.key, item: "plane" }, { undo: byReply });
      fail();
    });
    await becomes("by reply", COMPENSATED);
    expect(await booked("by reply")).toEqual({ plane: 0 });
  });

  test("tries a step again by the schedule of its contract, left to a wake-up meanwhile, with one effect", async () => {
    const ids: string[] = [];
    world.before.set("book tent", ({ idempotencyKey, header }) => {
      ids.push(idempotencyKey, header.messageId);
      if (ids.length < 8) throw new MeshError({ code: "UNAVAILABLE", message: "closed" });
    });
    await begin("again", (saga) => booking(saga, "tent"));
    await mesh.advance(1_000);
    await isParked("again");
    expect((await shown("again")).records.map(({ what }) => what.case)).toEqual([
      "started",
      "begun",
      "delayed",
      "parked",
    ]);
    await mesh.advance(20_000);
    await mesh.advance(1_000);
    await becomes("again", COMPLETED);
    expect(new Set(ids).size).toBe(1);
    expect(await booked("again")).toEqual({ tent: 1 });
  });

  test("sleeps until a time with nothing of it in memory, and its clock and chance are the same when it runs again", async () => {
    const told: unknown[] = [];
    const start = mesh.clock.now();
    await begin("sleeper", async (saga) => {
      const chance = [saga.random(), saga.random()];
      await saga.sleepUntil("night", new Date(saga.now().getTime() + 86_400_000));
      told.push([chance, saga.now().getTime() - start]);
      await booking(saga, "breakfast");
      told.push([chance, saga.random()]);
    });
    await isParked("sleeper");
    await mesh.advance(86_399_000);
    expect(await statusOf("sleeper")).toBe(RUNNING);
    await mesh.advance(2_000);
    await becomes("sleeper", COMPLETED);
    const [first] = told as [[number[], number]];
    expect(first[1]).toBeGreaterThanOrEqual(86_400_000);
    expect(first[0][0]).not.toBe(first[0][1]);
    for (const number of first[0]) expect(number >= 0 && number < 1).toBe(true);
  });
});

describe("a saga that waits for an event", () => {
  test("gets the one that came before it asked, each once, and goes on at the one that comes later [R20]", async () => {
    const amounts: (number | undefined)[] = [];
    await pay("mail", 1);
    world.before.set("book slow", async () => {
      await pay("mail", 2);
      await pay("mail", 3);
      await pay("other", 9);
    });
    await begin("mail", async (saga) => {
      await booking(saga, "slow");
      const wait = async (step: string) =>
        (await saga.waitFor(step, TripPaidSchema, { key: saga.key, timeoutMs: 60_000 }))?.amount;
      amounts.push(await wait("first"), await wait("second"), await wait("third"));
    });
    await isParked("mail");
    await mesh.settled();
    await pay("mail", 4);
    await becomes("mail", COMPLETED);
    // Its code ran twice: the first time until the third wait.
    expect(amounts).toEqual([2, 3, 4]);
  });

  test("that never comes goes on without it when the time is over", async () => {
    const came: unknown[] = [];
    await begin("unpaid", async (saga) => {
      came.push(await saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 3_600_000 }));
    });
    await isParked("unpaid");
    await mesh.advance(3_599_000);
    expect(came).toEqual([]);
    await mesh.advance(1_000);
    await becomes("unpaid", COMPLETED);
    expect(came).toEqual([undefined]);
    // One that comes then wakes nobody, and is no trouble.
    await pay("unpaid", 1);
    await mesh.settled();
    expect(await mesh.deadLetters()).toEqual([]);
  });

  test("that its definition does not name fails, and says what to write", async () => {
    await begin("deaf", (saga) => saga.waitFor("x", TripWishedSchema, { key: "k", timeoutMs: 1 }));
    await becomes("deaf", COMPENSATED);
    expect((await shown("deaf")).summary.error).toMatchObject({
      code: "SAGA_INVALID",
      message: expect.stringContaining('"waits"'),
    });
  });
});

describe("a saga with sagas as steps", () => {
  const part = async (saga: Saga, name: string, plan: string) => {
    if (world.part !== undefined) await saga.child(name, world.part, { trip: `${saga.key}-${name}`, plan });
  };

  test("completes after them, and they are undone with it, even when they were completed", async () => {
    world.plans.set("bed", (saga) => booking(saga, "bed"));
    await begin("family", (saga) => part(saga, "a", "bed"));
    await becomes("family", COMPLETED);
    expect(await booked("family-a")).toEqual({ bed: 1 });
    await begin("quarrel", async (saga) => {
      await part(saga, "a", "bed");
      fail();
    });
    await becomes("quarrel", COMPENSATED);
    expect(await booked("quarrel-a")).toEqual({ bed: 0 });
    expect((await mesh.sagas.get("test.trips/part/quarrel-a")).summary).toMatchObject({ status: COMPENSATED });
  });

  /** Sends again the last word that a saga had of one that it began, as a redrive or a slow broker does. */
  const tellAgain = async (trip: string) => {
    const { manager, jetstream } = mesh.broker;
    const journal = streamNames(mesh.namespace).journal("parley.test.v1");
    const { state } = await manager.streams.info(journal);
    for (let seq = state.last_seq; seq > 0; seq--) {
      const stored = await manager.streams.getMessage(journal, { seq });
      if (stored?.header.get("ce-type") !== "parley.mesh.v1.SagaWake") continue;
      const { sagaId, childEnded, cancel } = fromBinary(SagaWakeSchema, stored.data);
      if (sagaId !== trip || (childEnded ?? cancel) === undefined) continue;
      const again = headers();
      for (const name of stored.header.keys().filter((each) => !each.startsWith("Nats-")))
        again.set(name, stored.header.get(name));
      again.set("ce-id", `again-${seq}`);
      await jetstream.publish(stored.subject, stored.data, { headers: again });
      return;
    }
    throw new Error(`${trip} was never told`);
  };

  test("is not told of what an earlier run began, and an earlier run's undo does not reach a later one's", async () => {
    const hour = (saga: Saga) => saga.sleepUntil("an hour", new Date(saga.now().getTime() + 3_600_000));
    const child = "test.trips/part/kin-a";
    const childRun = async () => (await mesh.sagas.get(child).catch(() => undefined))?.summary.run;
    world.plans.set("quick", (saga) => booking(saga, "mat"));
    const first = async (saga: Saga) => {
      await part(saga, "a", "quick");
      fail();
    };
    await begin("kin", first);
    await becomes("kin", COMPENSATED);

    world.plans.set("quick", hour);
    await begin("kin", (saga) => part(saga, "a", "quick"));
    // Whoever drove the first run may have been about to leave it.
    await mesh.settled();
    await mesh.advance(1_000);
    await until(async () => (await childRun()) === 2);
    await isParked("kin");
    for (const told of [idOf("kin"), child]) await tellAgain(told);
    await mesh.settled();
    expect((await shown("kin")).summary).toMatchObject({ status: RUNNING, run: 2 });
    expect((await mesh.sagas.get(child)).summary).toMatchObject({ status: RUNNING, canceled: false });
    expect((await shown("kin")).records.filter(({ what }) => what.case === "asked")).toEqual([]);
    await mesh.advance(3_600_000);
    await becomes("kin", COMPLETED);
  });

  test("that begins one under a key twice and cannot undo the first needs attention", async () => {
    world.plans.set("quick", (saga) => booking(saga, "mat"));
    await begin("twins", async (saga) => {
      await part(saga, "a", "quick");
      await saga.child("b", world.part ?? fail(), { trip: "twins-a", plan: "quick" });
      fail();
    });
    await becomes("twins", NEEDS_ATTENTION);
    expect((await shown("twins")).summary.error).toMatchObject({
      code: "SAGA_INVALID",
      message: expect.stringContaining("give each step a key of its own"),
    });
  });

  test("is told when one failed", async () => {
    world.plans.set("broken", async () => fail());
    const told: unknown[] = [];
    await begin("orphan", async (saga) => {
      await part(saga, "a", "broken").catch((error) => told.push(error.code));
    });
    await becomes("orphan", COMPLETED);
    expect(told).toContain("SAGA_FAILED");
  });

  test("waits for one that needs attention, and is told when an operator ends that by hand", async () => {
    world.before.set("release sofa", () => {
      throw new MeshError({ code: "INVALID_MESSAGE", message: "too heavy" });
    });
    world.plans.set("heavy", async (saga) => {
      await booking(saga, "sofa");
      fail();
    });
    const child = "test.trips/part/held-a";
    const childStatus = () =>
      mesh.sagas.get(child).then(
        ({ summary }) => summary.status,
        () => RUNNING,
      );
    const told: string[] = [];
    await begin("held", async (saga) => {
      await part(saga, "a", "heavy").catch((error) => told.push(error.message));
    });
    await until(async () => (await childStatus()) === NEEDS_ATTENTION);
    expect(await statusOf("held")).toBe(RUNNING);
    await mesh.sagas.resolve(child, operator);
    await becomes("held", COMPLETED);
    expect(told.at(-1)).toContain("resolved by hand");
  });
});

describe("an operator", () => {
  test("cancels a saga: what it did is undone", async () => {
    await begin("canceled", async (saga) => {
      await booking(saga, "room");
      await saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 60_000 });
    });
    await isParked("canceled");
    await mesh.sagas.cancel(idOf("canceled"), operator);
    await becomes("canceled", COMPENSATED);
    expect(await booked("canceled")).toEqual({ room: 0 });
    expect((await shown("canceled")).summary).toMatchObject({ canceled: true, error: { code: "CANCELED" } });
    await expect(mesh.sagas.cancel(idOf("canceled"), operator)).rejects.toMatchObject({ code: "SAGA_INVALID" });
  });

  test("cancels one that has just asked for more: what was not sent yet never is", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.before.set("book cave", () => gate);
    await begin("unsent", async (saga) => {
      const request = { trip: saga.key, item: "next" };
      await booking(saga, "cave");
      await saga.call("book next", book, request, { undo: undo(release, () => request) });
    });
    await until(() => world.came.includes("book cave"));
    await mesh.sagas.cancel(idOf("unsent"), operator);
    go();
    await becomes("unsent", COMPENSATED);
    expect(await booked("unsent")).toEqual({ cave: 0 });
    expect(world.came.filter((each) => each.endsWith("next"))).toEqual([]);
  });

  test("cancels one in the middle of a call: it is waited for, then undone", async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    world.before.set("book vault", () => gate);
    await begin("busy", async (saga) => {
      await booking(saga, "vault");
      await booking(saga, "never");
    });
    await until(() => world.came.includes("book vault"));
    await mesh.sagas.cancel(idOf("busy"), operator);
    go();
    await becomes("busy", COMPENSATED);
    expect(await booked("busy")).toEqual({ vault: 0 });
    expect(world.came).not.toContain("book never");
  });

  test("is told of one whose undo always fails, and lets it go on or ends it by hand", async () => {
    const closed = () => {
      throw new MeshError({ code: "INVALID_MESSAGE", message: "the desk is closed for good" });
    };
    world.before.set("release desk", closed);
    await begin("stuck", async (saga) => {
      await booking(saga, "lamp");
      await booking(saga, "desk");
      fail();
    });
    await becomes("stuck", NEEDS_ATTENTION);
    await expect(mesh.heard(SagaNeedsAttentionSchema, { sagaId: idOf("stuck") })).resolves.toMatchObject({
      agent: "test.trips",
      saga: "trip",
      notUndone: ["book desk", "book lamp"],
    });
    expect(await booked("stuck")).toEqual({ lamp: 1, desk: 1 });
    await mesh.sagas.retry(idOf("stuck"), operator);
    await until(async () => (await shown("stuck")).records.filter(({ what }) => what.case === "over").length === 2);
    world.before.delete("release desk");
    await mesh.sagas.retry(idOf("stuck"), operator);
    await becomes("stuck", COMPENSATED);
    expect(await booked("stuck")).toEqual({ lamp: 0, desk: 0 });

    world.before.set("release desk", closed);
    await begin("stuck again", async (saga) => {
      await booking(saga, "desk");
      fail();
    });
    await becomes("stuck again", NEEDS_ATTENTION);
    await mesh.sagas.resolve(idOf("stuck again"), operator);
    expect(await statusOf("stuck again")).toBe(RESOLVED);
    await expect(mesh.sagas.retry(idOf("stuck again"), operator)).rejects.toMatchObject({ code: "SAGA_INVALID" });
  });

  test("is told at once of one whose undo has a defect, and lets it go on when that is mended", async () => {
    let isBroken = true;
    const request = ({ seat }: { readonly seat: string }) => {
      if (isBroken) throw new TypeError("seat is not a seat");
      return { trip: "defect", item: "cot", seat };
    };
    await begin("defect", async (saga) => {
      const cot = saga.call("book cot", book, { trip: saga.key, item: "cot" }, { undo: undo(release, request) });
      // The ends of these two come in either order, and the steps after them are asked for before that of the other.
      await saga.all(
        cot,
        booking(saga, "rug").then(() => booking(saga, "sheet")),
      );
      fail();
    });
    await becomes("defect", NEEDS_ATTENTION);
    const alarm = await mesh.heard(SagaNeedsAttentionSchema, { sagaId: idOf("defect") });
    expect(alarm.notUndone).toContain("book cot");
    expect(alarm.error).toMatchObject({
      code: "SAGA_INVALID",
      message: expect.stringContaining(
        '"book cot" was done, and its undo cannot be made of the reply: seat is not a seat',
      ),
    });
    isBroken = false;
    await mesh.sagas.retry(idOf("defect"), operator);
    await becomes("defect", COMPENSATED);
    expect(await booked("defect")).toEqual({ cot: 0, rug: 0, sheet: 0 });
  });

  test("is told of one whose message became a dead letter, and has it undone", async () => {
    await begin("lost", async (saga) => {
      await booking(saga, "cot");
      await saga.waitFor("what cannot come", TripPaidSchema, { key: "k".repeat(1_000), timeoutMs: 1_000 });
    });
    await becomes("lost", NEEDS_ATTENTION);
    const alarm = await mesh.heard(SagaNeedsAttentionSchema, { sagaId: idOf("lost") });
    expect(alarm).toMatchObject({ notUndone: ["book cot"], error: { code: "INVALID_KEY" } });
    expect(alarm.error?.message).toMatch(
      /became the dead letter "[\w-]+": .*; mend that, redrive the letter, then retry/,
    );
    const { sagas } = await mesh.sagas.list({ statuses: [NEEDS_ATTENTION], pageSize: 10, pageToken: "" });
    expect(sagas.map(({ sagaId }) => sagaId)).toContain(idOf("lost"));
    await mesh.sagas.cancel(idOf("lost"), operator);
    await becomes("lost", COMPENSATED);
    expect(await booked("lost")).toEqual({ cot: 0 });
  });

  test("asks in vain for one that does not exist, or for what is no id", async () => {
    await expect(shown("nothing")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(mesh.sagas.get("nothing")).rejects.toMatchObject({ code: "SAGA_INVALID" });
  });
});

describe("the saga of the page on sagas", () => {
  test("books, waits for the money, and books the guide a day later; or gives back what it booked", async () => {
    await using own = await testMesh({ agents: [world.seats(), checkoutAgent] });
    for (const trip of ["paid", "unpaid"]) await own.publish(TripWishedSchema, { trip });
    const records = async (trip: string) =>
      (await own.sagas.get(`test.checkout/checkout/${trip}`).catch(() => undefined))?.records ?? [];
    const parks = async (trip: string) => (await records(trip)).at(-1)?.what.case === "parked";
    await until(async () => (await parks("paid")) && (await parks("unpaid")));
    await own.publish(TripPaidSchema, { trip: "paid", amount: 5 });
    await until(async () => (await records("paid")).filter(({ what }) => what.case === "parked").length === 2);
    await own.advance(86_400_000);
    const status = async (trip: string) => (await own.sagas.get(`test.checkout/checkout/${trip}`)).summary.status;
    await until(async () => (await status("paid")) === COMPLETED && (await status("unpaid")) === COMPENSATED);
    expect(await own.load(seats.at("paid"))).toEqual({ flight: 1, hotel: 1, guide: 1 });
    expect(await own.load(seats.at("unpaid"))).toEqual({ flight: 0, hotel: 0 });
  });
});

describe("bad input", () => {
  test("a key begins no second saga before the first is over, and a new one after it", async () => {
    const wait = (saga: Saga) => saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 600_000 });
    await begin("twice", wait);
    await isParked("twice");
    const second = await mesh.publish(TripWishedSchema, { trip: "twice", plan: "twice" });
    await mesh.settled();
    const tries = () =>
      mesh.observed.filter(({ kind, header }) => kind === "heard" && header.messageId === second.messageId);
    expect(tries()).toMatchObject([{ error: "SAGA_RUNNING" }]);
    await pay("twice", 1);
    await becomes("twice", COMPLETED);
    await mesh.advance(1_000);
    await isParked("twice");
    await pay("twice", 2);
    await becomes("twice", COMPLETED);
    expect((await shown("twice")).summary).toMatchObject({ run: 2 });
  });

  test("a key whose saga was canceled, or failed, is free for another one", async () => {
    const outcomes = [
      fail,
      (saga: Saga) => saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 600_000 }),
    ];
    for (const [index, plan] of [...outcomes, (saga: Saga) => booking(saga, "berth")].entries()) {
      await begin("free", async (saga) => plan(saga));
      await mesh.settled();
      await mesh.advance(1_000);
      await until(async () => (await shown("free").catch(() => undefined))?.summary.run === index + 1);
      if (index === 1) await mesh.sagas.cancel(idOf("free"), operator);
      await becomes("free", index === 2 ? COMPLETED : COMPENSATED);
    }
    expect(await booked("free")).toEqual({ berth: 1 });
  });

  test("code that does something else than its history tells needs attention, and goes on when it is put right", async () => {
    const first = async (saga: Saga) => {
      await booking(saga, "one");
      await saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 600_000 });
    };
    for (const [name, changed, message] of [
      ["other step", (saga: Saga) => booking(saga, "two"), 'asks for "book two"'],
      ["nothing", async () => {}, "the code has ended"],
      ["other request", (saga: Saga) => saga.call("book one", book, { trip: "x" }), "another request"],
      [
        "more at once",
        (saga: Saga) => saga.all(booking(saga, "one"), booking(saga, "two")),
        'asks for "book two" before',
      ],
    ] as const) {
      await begin(name, first);
      await isParked(name);
      world.plans.set(name, changed);
      await pay(name, 1);
      await becomes(name, NEEDS_ATTENTION);
      const { error } = (await shown(name)).summary;
      expect(error).toMatchObject({ code: "NONDETERMINISTIC", message: expect.stringContaining(message) });
    }
    world.plans.set("nothing", first);
    await mesh.sagas.retry(idOf("nothing"), operator);
    await becomes("nothing", COMPLETED);
    // One that cannot be put right is canceled: undoing takes no code.
    await mesh.sagas.cancel(idOf("other step"), operator);
    await becomes("other step", COMPENSATED);
    expect(await booked("other step")).toEqual({ one: 0 });
  });

  test("a step's name that is used twice, or none, fails the saga", async () => {
    await begin("same", async (saga) => {
      await booking(saga, "one");
      await booking(saga, "one");
    });
    await becomes("same", COMPENSATED);
    expect((await shown("same")).summary.error).toMatchObject({ code: "SAGA_INVALID" });
    await begin("unnamed", (saga) => saga.sleepUntil("", new Date()));
    await becomes("unnamed", COMPENSATED);
  });

  test("a result that is too large to be recorded fails the step, and is undone", async () => {
    await begin("huge", async (saga) => {
      const request = { trip: saga.key, item: "huge" };
      await saga.call("book", book, request, { undo: undo(release, request) });
    });
    await becomes("huge", COMPENSATED);
    expect((await shown("huge")).summary.error).toMatchObject({ code: "TOO_LARGE" });
    expect(await booked("huge")).toEqual({ huge: 0 });
    await begin("huge request", (saga) => booking(saga, "x".repeat(300_000)));
    await becomes("huge request", COMPENSATED);
  });

  test("a history of more than a hundred entries is read from its snapshot, and goes on", async () => {
    await begin("hundred", async (saga) => {
      for (let step = 0; step < 110; step++) await saga.sleepUntil(`s${step}`, saga.now());
      await saga.waitFor("money", TripPaidSchema, { key: saga.key, timeoutMs: 600_000 });
      await booking(saga, "end");
    });
    await isParked("hundred");
    await pay("hundred", 1);
    await becomes("hundred", COMPLETED);
    expect(await booked("hundred")).toEqual({ end: 1 });
    const journal = streamNames(mesh.namespace).journal("parley.test.v1");
    const snapshots = `${mesh.namespace}.jrn.parley-test-v1.snap.sagas.>`;
    expect(await mesh.broker.manager.streams.getMessage(journal, { last_by_subj: snapshots })).not.toBeNull();
  });

  test("a saga of more than a thousand steps is stopped, with its history bounded", async () => {
    await begin("long", async (saga) => {
      for (let step = 0; ; step += 50) {
        await saga.all(...Array.from({ length: 50 }, (_, i) => saga.sleepUntil(`s${step + i}`, saga.now())));
      }
    });
    await becomes("long", COMPENSATED);
    const { summary } = await shown("long");
    expect(summary).toMatchObject({ steps: 1_000, error: { code: "SAGA_TOO_LONG" } });
  });
});
