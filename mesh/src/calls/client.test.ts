// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type Message } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CountResponseSchema, EchoResponseSchema, EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { LetterboxService } from "../../../test/gen/parley/test/v1/news_pb.js";
import { Contracts } from "../contracts/contracts.ts";
import { headerFor } from "../header.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import { rootTrace } from "../telemetry/propagation.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Caller, type Cause } from "./caller.ts";
import { createClient } from "./client.ts";

test("a stream is called when it is first read, and ends with the reading", async () => {
  let begun = 0;
  let ended = 0;
  const client = createClient(EchoService, async () => {
    begun++;
    return (async function* (): AsyncGenerator<Message> {
      try {
        for (let number = 1; ; number++) yield create(CountResponseSchema, { number });
      } finally {
        ended++;
      }
    })();
  });
  const stream = client.count({ count: 9 });
  expect(begun).toBe(0);
  for await (const { number } of stream) if (number === 2) break;
  expect([begun, ended]).toEqual([1, 1]);
});

test("a method that streams its requests cannot be called, and says so", () => {
  const client = createClient(LetterboxService, async () => undefined) as unknown as { post(): unknown };
  expect(() => client.post()).toThrow(expect.objectContaining({ code: "UNIMPLEMENTED" }));
});

const clock = new ManualClock();
const sent: Outgoing[] = [];
const caller = new Caller({
  clock,
  contracts: Contracts.of({ services: [EchoService] }),
  async send(outgoing) {
    sent.push(outgoing);
    return create(EchoResponseSchema);
  },
});
const { echo, fail } = EchoService.method;

async function call(
  options: Parameters<Caller["call"]>[2]["options"],
  cause?: Cause,
  method: typeof echo | typeof fail = echo,
) {
  await caller.call(method, create(method.input), { source: "test.caller", cause, options });
  return sent.at(-1);
}

function causeWith(remainingMs: number, signal = new AbortController().signal): Cause {
  const header = headerFor({ sourceAgentId: "a", messageType: "t.T", name: "T", timestamp: 0, messageId: "m-1" });
  return { header, trace: rootTrace(), signal, remainingMs: () => remainingMs };
}

test("a call has the contract's total time, less when its caller or the caller's own caller waits less", async () => {
  expect((await call({}))?.timeoutMs).toBe(5_000);
  expect((await call({}, undefined, fail))?.timeoutMs).toBe(30_000);
  expect((await call({ timeoutMs: 700 }))?.timeoutMs).toBe(700);
  expect((await call({ timeoutMs: 60_000 }))?.timeoutMs).toBe(5_000);
  expect((await call({ timeoutMs: 700 }, causeWith(300)))?.timeoutMs).toBe(300);
});

test("a call ends with its own signal and with the one of what it is called for", async () => {
  const own = new AbortController();
  const around = new AbortController();
  const both = await call({ signal: own.signal }, causeWith(1_000, around.signal));
  expect(both?.signal?.aborted).toBe(false);
  around.abort("why");
  expect(both?.signal?.reason).toBe("why");
  expect((await call({ signal: own.signal }))?.signal).toBe(own.signal);
  expect((await call({}))?.signal).toBeUndefined();
});

test("a call says who calls whom, what and when", async () => {
  expect((await call({ conversationId: "c-1", target: "pa_dr_smith" }))?.header).toMatchObject({
    sourceAgentId: "test.caller",
    targetAgentId: "pa_dr_smith",
    conversationId: "c-1",
    messageType: "parley.test.v1.EchoRequest",
    name: "parley.test.v1.EchoService/Echo",
    timestamp: clock.now(),
  });
  expect((await call({}))?.header.targetAgentId).toBe("test.echo");
});
