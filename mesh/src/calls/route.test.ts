// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { EchoResponseSchema, EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { Contracts } from "../contracts/contracts.ts";
import { MeshError, type MeshErrorInit } from "../mesh-error.ts";
import { outgoing } from "../pipeline/testdata/exchange.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Breakers } from "./breakers.ts";
import type { Channel } from "./channel.ts";
import { toChannel } from "./route.ts";

const contract = Contracts.of({ services: [EchoService] }).method(EchoService.method.echo);
const answer = create(EchoResponseSchema, { text: "from the second" });

/** Calls through channels of which each fails as told, or answers. */
async function through(...outcomes: (MeshErrorInit | "answers")[]) {
  const called: string[] = [];
  const channels = outcomes.map(
    (outcome, index): Channel => ({
      instance: String(index),
      address: `127.0.0.1:${index}`,
      async call() {
        called.push(String(index));
        if (outcome !== "answers") throw new MeshError(outcome);
        return answer;
      },
    }),
  );
  const call = outgoing({}, contract);
  const send = toChannel(() => channels, new Breakers(new ManualClock(), () => {}));
  const result = await send(call).catch((error: unknown) => error);
  return { result, called, peer: call.peer };
}

const lost = { code: "CONNECTION_LOST", message: "refused" } as const;
const draining = { code: "DRAINING", message: "leaving" } as const;

test("an instance that surely has not begun hands on to the next one, which is the peer then", async () => {
  expect(await through(lost, draining, "answers", "answers")).toEqual({
    result: answer,
    called: ["0", "1", "2"],
    peer: "127.0.0.1:2",
  });
});

test("a call that may have run goes to no other instance", async () => {
  const { result, called } = await through({ ...lost, mayHaveRun: true }, "answers");
  expect(result).toMatchObject({ code: "CONNECTION_LOST", mayHaveRun: true });
  expect(called).toEqual(["0"]);
});

test("an answer is an answer: what one instance refuses, the others are not asked", async () => {
  const { result, called } = await through({ code: "PERMISSION_DENIED", message: "no" }, "answers");
  expect(result).toMatchObject({ code: "PERMISSION_DENIED" });
  expect(called).toEqual(["0"]);
});

test("when none is reached the last one's error says so, and without any the missing agent is named", async () => {
  expect((await through(draining, lost)).result).toMatchObject({ code: "CONNECTION_LOST", mayHaveRun: false });
  expect((await through()).result).toMatchObject({
    code: "UNAVAILABLE",
    mayHaveRun: false,
    message: expect.stringContaining('agent "test.echo"'),
  });
});
