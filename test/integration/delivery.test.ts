// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { DeadLetter } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { ErrorClass } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { defineAgent, type ErrorCode, MeshError, on } from "@parley/mesh";
import { streamNames } from "@parley/mesh/broker";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Listener } from "../agents/listener.ts";
import { EchoRepeatedSchema, EchoSaidSchema } from "../gen/parley/test/v1/echo_pb.js";
import { NewsDelayedSchema, NewsRepeatedSchema } from "../gen/parley/test/v1/news_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
let mesh: TestMesh;
let jitter = 0;

beforeAll(async () => {
  const handle = listener.handler();
  const hears = [
    on(EchoSaidSchema, { name: "said" }, handle),
    on(NewsRepeatedSchema, { name: "repeated" }, handle),
    on(NewsDelayedSchema, { name: "delayed" }, handle),
    on(EchoRepeatedSchema, { name: "large" }, handle),
  ];
  mesh = await testMesh({ agents: [defineAgent({ name: "test.ear", hears })], random: () => jitter });
});

afterAll(() => mesh.drain());

/** Contract time between the runs of a key. */
function gaps(key: string): readonly number[] {
  const at = listener.runsOf(key).map((run) => run.at);
  return at.slice(1).map((time, index) => time - (at[index] ?? 0));
}

async function letterOf(key: string): Promise<DeadLetter | undefined> {
  return (await mesh.deadLetters()).find(({ headers }) => headers["ce-subject"] === key);
}

function failWith(code: ErrorCode, more: { readonly retryAfterMs?: number } = {}) {
  return () => {
    throw new MeshError({ code, message: `told to fail with ${code}`, ...more });
  };
}

describe("the contract's schedule", () => {
  test("is kept to the millisecond: 1, 4 and 16 s, then the message is dead [R29, R54]", async () => {
    listener.behave("schedule", failWith("UNAVAILABLE"));
    await mesh.publish(EchoSaidSchema, { key: "schedule" });
    for (const [runs, delayMs] of [
      [1, 1_000],
      [2, 4_000],
      [3, 16_000],
    ] as const) {
      await mesh.advance(delayMs - 1);
      expect(listener.runsOf("schedule")).toHaveLength(runs);
      await mesh.advance(1);
      expect(listener.runsOf("schedule")).toHaveLength(runs + 1);
    }
    expect(listener.runsOf("schedule").map(({ header }) => header.attempt)).toEqual([1, 2, 3, 4]);
    expect(await letterOf("schedule")).toBeDefined();
    await mesh.advance(60_000);
    expect(listener.runsOf("schedule")).toHaveLength(4);
  });

  test("is lengthened by the contract's share of jitter", async () => {
    jitter = 1;
    listener.behave("jitter", failWith("UNAVAILABLE"));
    await mesh.publish(NewsRepeatedSchema, { key: "jitter" });
    await mesh.advance(1_500 + 6_000 + 24_000);
    jitter = 0;
    expect(gaps("jitter")).toEqual([1_500, 6_000, 24_000]);
  });

  test("is that of the error's class, where the contract has one [R31]", async () => {
    listener.behave("limited", failWith("OVERLOADED"));
    await mesh.publish(NewsDelayedSchema, { key: "limited" });
    await mesh.advance(15_000);
    expect(gaps("limited")).toEqual([5_000, 10_000]);
    expect(await letterOf("limited")).toMatchObject({ error: { errorClass: ErrorClass.RATE_LIMIT } });
  });

  test("waits longer when the error asks for it, and gives up when it asks for too much [R31]", async () => {
    listener.behave("later", failWith("OVERLOADED", { retryAfterMs: 8_000 }));
    await mesh.publish(NewsDelayedSchema, { key: "later" });
    await mesh.advance(18_000);
    expect(gaps("later")).toEqual([8_000, 10_000]);
    listener.behave("much-later", failWith("OVERLOADED", { retryAfterMs: 61_000 }));
    await mesh.publish(NewsDelayedSchema, { key: "much-later" });
    await mesh.settled();
    expect(listener.runsOf("much-later")).toHaveLength(1);
    expect(await letterOf("much-later")).toMatchObject({ error: { code: "OVERLOADED" } });
  });

  test("is that of transient errors for what no author foresaw", async () => {
    listener.behave("defect", () => {
      throw new TypeError("x is not a function");
    });
    await mesh.publish(NewsDelayedSchema, { key: "defect" });
    await mesh.advance(1_000);
    expect(gaps("defect")).toEqual([1_000]);
    expect(await letterOf("defect")).toMatchObject({
      error: { code: "INTERNAL", errorClass: ErrorClass.INTERNAL, message: "x is not a function", mayHaveRun: true },
    });
  });

  test.each(["INVALID_MESSAGE", "PERMISSION_DENIED", "NOT_FOUND", "REFUSED"] as const)(
    "has no place for %s: the message is dead at once",
    async (code) => {
      const key = `at-once-${code}`;
      listener.behave(key, failWith(code));
      await mesh.publish(EchoSaidSchema, { key });
      await mesh.settled();
      expect(listener.runsOf(key)).toHaveLength(1);
      expect(await letterOf(key)).toMatchObject({ error: { code }, attempts: [{ attempt: 1, error: { code } }] });
    },
  );

  test("ends with the first success", async () => {
    listener.behave("recovers", (_, { header }) => {
      if (header.attempt < 3) throw new Error("not yet");
    });
    await mesh.publish(EchoSaidSchema, { key: "recovers" });
    await mesh.advance(60_000);
    expect(gaps("recovers")).toEqual([1_000, 4_000]);
    expect(await letterOf("recovers")).toBeUndefined();
  });
});

describe("a handler that never returns", () => {
  test("is ended by its attempt's time and tried again by the schedule for that [R33]", async () => {
    let aborted: unknown;
    listener.behave("hangs", (_, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          aborted = signal.reason;
          reject(signal.reason);
        });
      });
    });
    await mesh.publish(NewsDelayedSchema, { key: "hangs" });
    await mesh.advance(2_000 + 7_000);
    expect(aborted).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(gaps("hangs")).toEqual([9_000]);
  });

  test("and ignores its signal is left behind all the same, and the message dies of its time [R33]", async () => {
    listener.behave("stubborn", () => new Promise(() => {}));
    await mesh.publish(NewsDelayedSchema, { key: "stubborn" });
    await mesh.advance(2_000);
    await mesh.advance(7_000);
    await mesh.advance(2_000);
    expect(gaps("stubborn")).toEqual([9_000]);
    expect(await letterOf("stubborn")).toMatchObject({
      error: { code: "DEADLINE_EXCEEDED", errorClass: ErrorClass.TIMEOUT, mayHaveRun: true },
      attempts: [{ attempt: 1 }, { attempt: 2 }],
    });
  });

  test("does not hold back other keys, nor does one that waits for its retry", async () => {
    listener.behave("waits", failWith("UNAVAILABLE"));
    listener.behave("blocks", () => new Promise(() => {}));
    await mesh.publish(EchoSaidSchema, { key: "waits" });
    await mesh.publish(EchoSaidSchema, { key: "blocks" });
    const keys = Array.from({ length: 100 }, (_, index) => `passes-${index}`);
    for (const key of keys) await mesh.publish(EchoSaidSchema, { key });
    await until(() => keys.every((key) => listener.runsOf(key).length === 1));
    expect(listener.runsOf("waits")).toHaveLength(1);
    listener.behave("blocks", () => {});
    listener.behave("waits", () => {});
    await mesh.advance(10_000);
    expect(listener.runsOf("blocks")).toHaveLength(2);
  });
});

test("what the broker delivers again while it is still in hand here is not handled twice", async () => {
  const gate = Promise.withResolvers<void>();
  listener.behave("in-hand", () => gate.promise);
  await mesh.publish(EchoSaidSchema, { key: "in-hand" });
  await until(() => listener.runsOf("in-hand").length === 1);
  const { events } = streamNames(mesh.namespace);
  const delivered = async () => (await mesh.broker.manager.consumers.info(events, "test-ear~said")).delivered;
  const { stream_seq: sequence, consumer_seq: deliveries } = await delivered();
  // As after a broker that was away for longer than its patience: it takes the message for lost.
  mesh.broker.connection.publish(`$JS.ACK.${events}.test-ear~said.1.${sequence}.${deliveries}.0.0`, "-NAK");
  await until(async () => (await delivered()).consumer_seq > deliveries);
  // What is published now is delivered behind it: once this is here, that has been here too.
  await mesh.publish(EchoSaidSchema, { key: "behind" });
  await until(() => listener.runsOf("behind").length === 1);
  gate.resolve();
  await until(async () => (await unsettled()) === 0);
  expect(listener.runsOf("in-hand")).toHaveLength(1);
});

describe("a dead letter", () => {
  test("holds the cause, every try, the headers, the payload and the contract [R29]", async () => {
    listener.behave("letter", (_, { header }) => {
      if (header.attempt < 4) throw new Error(`try ${header.attempt}`);
      throw new MeshError({ code: "UNAVAILABLE", message: "the last one", userMessage: "Sorry.", retryAfterMs: 250 });
    });
    const started = mesh.clock.now();
    const sent = await mesh.publish(EchoSaidSchema, { key: "letter", text: "hello" }, { conversationId: "c-1" });
    await mesh.advance(21_000);
    const letter = await letterOf("letter");
    expect(letter).toMatchObject({
      agent: "test.ear",
      hearer: "said",
      stream: streamNames(mesh.namespace).events,
      subject: expect.stringMatching(/\.evt\.medium\.parley-test-v1-EchoSaid\.\d+\.letter$/),
      header: { messageId: sent.messageId, conversationId: "c-1", sourceAgentId: "test.ear", attempt: 4, hops: 0 },
      headers: { "ce-id": sent.messageId, "ce-type": "parley.test.v1.EchoSaid", "ce-conversationid": "c-1" },
      error: {
        code: "UNAVAILABLE",
        errorClass: ErrorClass.UNAVAILABLE,
        message: "the last one",
        userMessage: "Sorry.",
        mayHaveRun: false,
      },
      attempts: [
        { attempt: 1, error: { code: "INTERNAL", message: "try 1" } },
        { attempt: 2, error: { code: "INTERNAL", message: "try 2" } },
        { attempt: 3, error: { code: "INTERNAL", message: "try 3" } },
        { attempt: 4, error: { code: "UNAVAILABLE", message: "the last one" } },
      ],
      contractDigest: mesh.contracts.digest,
    });
    expect(letter?.headers["traceparent"]).toMatch(/^00-/);
    expect(fromBinary(EchoSaidSchema, letter?.payload ?? new Uint8Array())).toMatchObject({
      key: "letter",
      text: "hello",
    });
    const sinceStart = (at: Parameters<typeof timestampMs>[0] | undefined) => at && timestampMs(at) - started;
    expect(letter?.attempts.map(({ failedAt }) => sinceStart(failedAt))).toEqual([0, 1_000, 5_000, 21_000]);
    expect(sinceStart(letter?.diedAt)).toBe(21_000);
  });

  test("says where its message stands when that leaves no room for itself", async () => {
    listener.behave("large", () => {
      throw new MeshError({ code: "REFUSED", message: `told at ${"length ".repeat(1_000)}` });
    });
    const room = (mesh.broker.connection.info?.max_payload ?? 0) - 2_000;
    await mesh.publish(EchoRepeatedSchema, { key: "large", text: "x".repeat(room) });
    await mesh.settled();
    const letter = (await mesh.deadLetters()).find(({ hearer }) => hearer === "large");
    expect(letter).toMatchObject({ error: { code: "REFUSED" }, attempts: [{ attempt: 1 }] });
    expect(letter?.error?.message).toMatch(/^told at (length )+.*; its \d+ bytes .* stand in stream "[^"]+" as \d+/);
    expect(letter?.payload).toHaveLength(0);
  });

  test("that cannot be stored leaves its message where it is, until it can", async () => {
    const { dead } = streamNames(mesh.namespace);
    const { config, state } = await mesh.broker.manager.streams.info(dead);
    await mesh.broker.manager.streams.update(dead, { ...config, max_msgs: state.messages, discard: "new" });
    listener.behave("full", failWith("REFUSED"));
    await mesh.publish(EchoSaidSchema, { key: "full" });
    await until(() => listener.runsOf("full").length === 1);
    await mesh.settled();
    expect(await letterOf("full")).toBeUndefined();
    expect(await unsettled()).toBe(1);
    await mesh.broker.manager.streams.update(dead, { ...config, max_msgs: -1 });
    await until(async () => (await letterOf("full")) !== undefined);
    await until(async () => (await unsettled()) === 0);
    // It waited for its letter: the handler has not run again.
    expect(listener.runsOf("full")).toHaveLength(1);
  });

  test("is stored when its stream was deleted and is made again", async () => {
    const { dead } = streamNames(mesh.namespace);
    const { config } = await mesh.broker.manager.streams.info(dead);
    await mesh.broker.manager.streams.delete(dead);
    listener.behave("gone", failWith("REFUSED"));
    await mesh.publish(EchoSaidSchema, { key: "gone" });
    await until(() => listener.runsOf("gone").length === 1);
    expect(await unsettled()).toBe(1);
    await mesh.broker.manager.streams.add(config);
    await until(async () => (await letterOf("gone")) !== undefined);
    await until(async () => (await unsettled()) === 0);
  });
});

/** Messages that the broker counts as delivered and not settled. */
async function unsettled(): Promise<number> {
  const { events } = streamNames(mesh.namespace);
  return (await mesh.broker.manager.consumers.info(events, "test-ear~said")).num_ack_pending;
}
