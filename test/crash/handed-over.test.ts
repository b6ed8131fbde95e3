// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { MeshError, notRun } from "@parley/mesh";
import { testBroker, testMesh } from "@parley/mesh/testing";
import { afterEach, expect, test } from "vitest";
import { type CrashPoint, listenToCrashPoints } from "../../mesh/src/crash-point.ts";
import { Channel } from "../agents/channel-agent.ts";
import { ChannelService } from "../gen/parley/test/v1/channel_pb.js";
import { openLink } from "./link.ts";
import { hasten } from "./settle.ts";

const { makeCall } = ChannelService.method;
const handler = "parley.test.v1.ChannelService/MakeCall";

afterEach(() => listenToCrashPoints(undefined));

test.each<[string, CrashPoint]>([
  ["dispatches the other one", "command.handed-over"],
  ["ends its message", "delivery.buried"],
])(
  "a command that another method takes over is done by that one alone, also when the process stands still before it %s [R30]",
  async (_, point) => {
    const [before, after] = [new Channel(), new Channel()];
    const broker = await testBroker();
    await using link = await openLink(Number(new URL(broker).port));
    await using first = await testMesh({ agents: [before.agent()], broker: link.url });
    before.behave("down", (_, { method }) => {
      if (method === "makeCall") throw notRun(new MeshError({ code: "UNAVAILABLE", message: "line is down" }));
    });
    const { namespace, clock } = first;
    const { id } = await first.dispatch(makeCall, { key: "down" });
    await first.settled();
    // As when the process stands still there: nothing that it does reaches anybody.
    const isStill = new Promise<void>((resolve) => {
      listenToCrashPoints((at, of) => {
        if (at !== point || of !== handler) return;
        listenToCrashPoints(undefined);
        link.silence();
        resolve();
      });
    });
    await first.advance(30_000);
    await clock.advance(30_000);
    await isStill;

    // The line is up again, but the command is in other hands.
    await using second = await testMesh({ agents: [after.agent()], broker, namespace, clock });
    const methods = () => [...before.runsOf("down"), ...after.runsOf("down")].map(({ method }) => method);
    while (!methods().includes("sendSms")) await hasten(second.broker, namespace, "commands");
    // It comes back, and goes on where it stood.
    link.cut();
    await first.settled();
    await second.settled();
    expect(methods().filter((method) => method === "makeCall")).toHaveLength(3);
    if (point === "command.handed-over") expect(methods()).toHaveLength(4);
    expect(await second.command(id).status()).toMatchObject({
      state: "FAILED",
      deadLetterId: undefined,
      error: { message: expect.stringContaining("took over") },
    });
    expect(await second.deadLetters()).toEqual([]);
  },
);
