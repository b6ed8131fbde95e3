// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// A process with two hosts: a call goes from one to the other, whose handler publishes an event; its hearer, on the first
// host, calls back. Writes the trace id that the caller saw, and ends by itself.
import { testMesh } from "@parley/mesh/testing";
import { echoAgent } from "../agents/echo-agent.ts";
import { Listener } from "../agents/listener.ts";
import { EchoService } from "../gen/parley/test/v1/echo_pb.js";
import { until } from "../tools/until.ts";

const listener = new Listener();
listener.behave("story", async (_, ctx) => {
  await ctx.client(EchoService).echo({ text: "heard" });
});

const echo = await testMesh({ agents: [echoAgent()] });
const ear = await testMesh({ agents: [listener.agent("test.ear")], namespace: echo.namespace, clock: echo.clock });
await until(() => ear.directory.instancesOf(EchoService.typeName).length > 0);
await ear.client(EchoService, { conversationId: "c-1" }).say({ key: "story", text: "once upon a time" });
await until(() => ear.observed.some(({ kind }) => kind === "heard"));
const [called] = ear.observed.filter(({ kind }) => kind === "called");
await ear.drain();
await echo.drain();
process.stdout.write(JSON.stringify({ traceId: called?.traceId }));
