// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Wire } from "@parley/contracts/grpc/health/v1/health_pb.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DynamicClient, dynamicGrpcClient } from "../../../test/grpc/dynamic-client.ts";
import { Contracts } from "../contracts/contracts.ts";
import { mountHealth } from "./health.ts";
import { HealthBoard } from "./health-board.ts";
import { openPort, type Port } from "./port.ts";
import { mountReflection } from "./reflection.ts";

let board: HealthBoard;
let shutdown: AbortController;
let port: Port;
let health: DynamicClient;

beforeEach(async () => {
  board = new HealthBoard();
  shutdown = new AbortController();
  const options = { shutdownSignal: shutdown.signal };
  const handler = connectNodeAdapter({
    routes(router) {
      mountHealth(router, board, options);
      mountReflection(router, Contracts.of({}).registry, options);
    },
  });
  port = await openPort({ handler });
  health = await dynamicGrpcClient(port.url, "grpc.health.v1.Health");
});
afterEach(async () => {
  health.close();
  await port.close();
});

test("Check tells the status of a name and answers NOT_FOUND for one that was never set", async () => {
  board.set("", "SERVING");
  board.set("readiness", "NOT_SERVING");
  expect(await health.call("Check", {})).toEqual({ status: "SERVING" });
  expect(await health.call("Check", { service: "readiness" })).toEqual({ status: "NOT_SERVING" });
  await expect(health.call("Check", { service: "other" })).rejects.toMatchObject({ code: Code.NotFound });
});

test("List tells all of them", async () => {
  board.set("", "SERVING");
  board.set("readiness", "NOT_SERVING");
  expect(await health.call("List", {})).toEqual({
    statuses: [
      { key: "", value: { status: "SERVING" } },
      { key: "readiness", value: { status: "NOT_SERVING" } },
    ],
  });
});

test("Watch tells SERVICE_UNKNOWN at once, then every change and nothing else", async () => {
  const seen: unknown[] = [];
  for await (const { status } of health.stream("Watch", { service: "a" })) {
    seen.push(status);
    if (seen.length === 1) {
      board.set("other", "SERVING");
      board.set("a", "SERVING");
    }
    if (seen.length === 2) {
      board.set("a", "SERVING");
      board.set("a", "NOT_SERVING");
    }
    if (seen.length === 3) break;
  }
  expect(seen).toEqual(["SERVICE_UNKNOWN", "SERVING", "NOT_SERVING"]);
});

test("a watcher that left is forgotten", async () => {
  let listeners = 0;
  const onChange = board.onChange.bind(board);
  const left = new Promise<void>((resolve) => {
    board.onChange = (changed) => {
      listeners += 1;
      const stop = onChange(changed);
      return () => {
        listeners -= 1;
        stop();
        resolve();
      };
    };
  });
  for await (const _ of health.stream("Watch", { service: "a" })) {
    expect(listeners).toBe(1);
    break;
  }
  await left;
  expect(listeners).toBe(0);
});

test("a watch tells the last status and ends with UNAVAILABLE on shutdown, so a drain does not wait for it", async () => {
  const seen: unknown[] = [];
  const watch = async () => {
    for await (const { status } of health.stream("Watch", { service: "" })) {
      seen.push(status);
      if (status !== "SERVING") continue;
      board.set("", "NOT_SERVING");
      shutdown.abort();
    }
  };
  board.set("", "SERVING");
  await expect(watch()).rejects.toMatchObject({ code: Code.Unavailable });
  expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  await port.drain(60_000);
});

test("answers our own client too", async () => {
  board.set("", "SERVING");
  const sessionManager = new Http2SessionManager(port.url);
  const client = createClient(Health, createGrpcTransport({ baseUrl: port.url, sessionManager }));
  expect(await client.check({})).toMatchObject({ status: Wire.SERVING });
  sessionManager.abort();
});
