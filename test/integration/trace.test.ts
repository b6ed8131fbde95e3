// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { startCollector } from "../telemetry/collector.ts";
import type { CollectedSpan } from "../telemetry/otlp.ts";

const service = "parley.test.v1.EchoService";

test("a call, the event that its handler publishes, the hearer and the hearer's call are one trace, over two hosts [R44, R23]", async () => {
  await using collector = await startCollector();
  const { traceId } = await tellTrace(collector.url);
  const spans = await collector.until((all) => all.length >= 6);

  expect(tree(spans)).toEqual([
    `CLIENT ${service}/Say`,
    `  SERVER ${service}/Say`,
    "    PRODUCER send parley.test.v1.EchoSaid",
    "      CONSUMER process parley.test.v1.EchoSaid",
    `        CLIENT ${service}/Echo`,
    `          SERVER ${service}/Echo`,
  ]);
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  expect(spans.filter(({ status }) => status.code === "ERROR")).toEqual([]);

  const of = (kind: CollectedSpan["kind"]) => spans.filter((span) => span.kind === kind).map((span) => span.attributes);
  expect(of("PRODUCER")).toMatchObject([
    {
      "messaging.system.name": "nats",
      "messaging.operation.type": "send",
      "messaging.destination.name": expect.stringMatching(/\.jrn\.parley-test-v1\.out\..*\.story\..*EchoSaid$/),
      "parley.conversation.id": "c-1",
    },
  ]);
  expect(of("CONSUMER")).toMatchObject([
    { "messaging.operation.type": "process", "messaging.consumer.group.name": "test.ear/listen", "parley.attempt": 1 },
  ]);
  for (const attributes of of("CLIENT")) expect(attributes).toMatchObject({ "parley.door": "http" });
  for (const attributes of of("SERVER")) expect(attributes).toMatchObject({ "parley.agent": "test.echo" });
});

/** Names by kind, indented below their parents. */
function tree(spans: readonly CollectedSpan[], parent = "", indent = ""): readonly string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .flatMap(({ kind, name, spanId }) => [`${indent}${kind} ${name}`, ...tree(spans, spanId, `${indent}  `)]);
}

async function tellTrace(collector: string): Promise<{ readonly traceId: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../programs/tells-trace.ts", import.meta.url))], {
    env: { ...process.env, PARLEY_NATS_URL: inject("natsUrl"), OTEL_EXPORTER_OTLP_ENDPOINT: collector },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}
