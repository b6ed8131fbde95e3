// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { openGateway } from "@parley/gateway";
import { host } from "@parley/mesh";
import { startServer } from "@parley/mesh/broker";
import { thingAgent } from "../test/agents/thing-agent.ts";
import { measure, report } from "./measure.ts";

/** A request that is repeated. */
interface Sent {
  readonly path: string;
  readonly body: string;
}

const message = JSON.stringify({ text: "hello", small: 5, words: ["a", "b"], inner: { flag: true } });

/**
 * What does REST cost over Connect? The same method of the same agent behind the same gateway, as JSON over HTTP/1.1 by the
 * same client: once by the method's name, which Connect's own code reads and writes, once by its path, which the transcoder
 * does. The agent is in the gateway's process, so that the two doors are what differs.
 */
export async function run(): Promise<void> {
  const storeDir = await mkdtemp(join(tmpdir(), "parley-bench-"));
  const server = await startServer({ storeDir });
  const mesh = await host({ agents: [thingAgent()], broker: server.url, namespace: "bench" });
  const gateway = await openGateway({ host: mesh, port: 0, exposure: "PUBLIC" });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const call = (sent: Sent) => post(gateway.url, sent, agent);
  try {
    for (const callers of [1, 32]) {
      const options = { callers, forMs: 2_000 };
      const of = `${callers} ${callers === 1 ? "caller" : "callers"}`;
      const connect = { path: "/parley.test.v1.ThingService/Create", body: message };
      const peer = await measure(() => call(connect), options);
      report(`Connect, JSON, ${of}`, peer);
      const whole = { path: "/v1/things", body: message };
      report(`REST, the same message as body, ${of}`, await measure(() => call(whole), options), peer);
      const query = { path: "/v1/things/hello:create?small=5&words=a&words=b&inner.flag=true", body: "" };
      report(`REST, by path and query, ${of}`, await measure(() => call(query), options), peer);
    }
  } finally {
    agent.destroy();
    await gateway.drain();
    await mesh.drain();
    await server.stop();
    await rm(storeDir, { recursive: true, force: true });
  }
}

async function post(url: string, { path, body }: Sent, agent: Agent): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const sent = request(url + path, { method: "POST", agent, headers }, (response) => {
    text(response).then((said) => (response.statusCode === 200 ? resolve() : reject(new Error(said))), reject);
  });
  sent.on("error", reject);
  sent.end(body);
  await promise;
}
