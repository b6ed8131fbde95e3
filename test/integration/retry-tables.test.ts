// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMethodUnary } from "@bufbuild/protobuf";
import { type ErrorCode, MeshError } from "@parley/mesh";
import { type TestMesh, testMesh } from "@parley/mesh/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Channel } from "../agents/channel-agent.ts";
import {
  CallAskedSchema,
  ChannelService,
  EmailAskedSchema,
  SmsAskedSchema,
  SyncAskedSchema,
} from "../gen/parley/test/v1/channel_pb.js";

const channel = new Channel();
let mesh: TestMesh;
let jitter = 0;

beforeAll(async () => {
  mesh = await testMesh({ agents: [channel.agent()], random: () => jitter });
});
afterAll(() => mesh.drain());

const kinds = {
  email: { method: "sendEmail", event: EmailAskedSchema },
  phone: { method: "makeCall", event: CallAskedSchema },
  sms: { method: "sendSms", event: SmsAskedSchema },
  default: { method: "sync", event: SyncAskedSchema },
} as const;
type Kind = keyof typeof kinds;

/** Sends something through a door; resolves when it is on its way. Gives how it ends where somebody waits for that. */
const doors = {
  call: async (kind: Kind, key: string, timeoutMs?: number) => ({
    ended: mesh
      .client(ChannelService)
      [kinds[kind].method]({ key }, { timeoutMs })
      .then(
        () => undefined,
        (error: unknown) => MeshError.from(error),
      ),
  }),
  command: async (kind: Kind, key: string) => {
    const method: DescMethodUnary = ChannelService.method[kinds[kind].method];
    await mesh.dispatch(method, { key });
    return { ended: undefined };
  },
  event: async (kind: Kind, key: string) => {
    await mesh.publish(kinds[kind].event, { key });
    return { ended: undefined };
  },
} as const;
const doorNames = ["call", "command", "event"] as const;

function failing(key: string, ...errors: readonly (ErrorCode | { code: ErrorCode; retryAfterMs: number })[]): void {
  channel.behave(key, (_, { attempt }) => {
    const error = errors[Math.min(attempt, errors.length) - 1] ?? "INTERNAL";
    throw new MeshError({ message: "told to fail", ...(typeof error === "string" ? { code: error } : error) });
  });
}

/** Goes through the delays one by one, to the millisecond, and sees that nothing follows the last one. */
async function followed(key: string, delays: readonly number[]): Promise<void> {
  await mesh.settled();
  for (const [index, delayMs] of delays.entries()) {
    await mesh.advance(delayMs - 1);
    expect(channel.runsOf(key)).toHaveLength(index + 1);
    await mesh.advance(1);
    expect(channel.runsOf(key).map(({ attempt }) => attempt)).toEqual(
      Array.from({ length: index + 2 }, (_, done) => done + 1),
    );
  }
  await mesh.advance(600_000);
  expect(channel.gaps(key)).toEqual(delays);
}

const tables = [
  ["e-mail: exponential, three times", "email", "UNAVAILABLE", [1_000, 4_000, 16_000]],
  ["phone: fixed, twice", "phone", "UNAVAILABLE", [30_000, 30_000]],
  ["SMS: linear, three times", "sms", "UNAVAILABLE", [5_000, 10_000, 15_000]],
  ["transient errors", "default", "CONNECTION_LOST", [1_000, 2_000, 4_000]],
  ["rate limits", "default", "OVERLOADED", [5_000, 10_000, 30_000, 60_000, 120_000]],
  ["services that are not available", "default", "UNAVAILABLE", [10_000, 30_000, 60_000]],
] as const;

describe.each(doorNames)("the tables of the source documents on a %s [R30, R31, R36, R54]", (door) => {
  test.each(tables)("%s", async (name, kind, code, delays) => {
    const key = `${door} ${name}`;
    failing(key, code);
    const { ended } = await doors[door](kind, key);
    await followed(key, delays);
    expect(await ended).toEqual(ended === undefined ? undefined : expect.objectContaining({ code }));
    const letters = (await mesh.deadLetters()).filter(
      ({ headers }) => decodeURIComponent(headers["ce-subject"] ?? "") === key,
    );
    if (door === "event") expect(letters).toMatchObject([{ error: { code } }]);
  });

  test("all tries count, whatever their class", async () => {
    const key = `${door} mixed`;
    failing(key, "CONNECTION_LOST", "OVERLOADED", "UNAVAILABLE", "CONNECTION_LOST");
    await doors[door]("default", key);
    await followed(key, [1_000, 10_000, 60_000]);
  });

  test("a Retry-After only lengthens, and one beyond ten minutes ends it", async () => {
    const key = `${door} later`;
    failing(key, { code: "OVERLOADED", retryAfterMs: 8_000 }, { code: "OVERLOADED", retryAfterMs: 8_000 }, "NOT_FOUND");
    await doors[door]("default", key);
    await followed(key, [8_000, 10_000]);
    const never = `${door} never`;
    failing(never, { code: "OVERLOADED", retryAfterMs: 600_001 });
    await doors[door]("default", never);
    await followed(never, []);
  });

  test("jitter adds at most its share, a fifth", async () => {
    const key = `${door} jitter`;
    failing(key, "CONNECTION_LOST");
    await doors[door]("default", key);
    jitter = 1;
    await followed(key, [1_200, 2_400, 4_800]);
    jitter = 0;
  });
});

test("a call ends with its total time: a retry that cannot end in it is not begun, and the error says when it would be", async () => {
  failing("total", "UNAVAILABLE");
  const { ended } = await doors.call("email", "total", 20_999);
  await followed("total", [1_000, 4_000]);
  expect(await ended).toMatchObject({ code: "UNAVAILABLE", retryAfterMs: 16_000 });
});
