// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type PolicyOverlay, PolicyOverlaySchema } from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import { expect, onTestFinished, test } from "vitest";
import { EchoService } from "../../../test/gen/parley/test/v1/echo_pb.js";
import { connectBroker } from "../broker/connection.ts";
import { startServer } from "../broker/server.ts";
import { Contracts } from "../contracts/contracts.ts";
import { overlaidContract } from "../contracts/overlaid-contract.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { Overlays } from "./overlays.ts";

const contracts = Contracts.of({ services: [EchoService] });

function overlayOf(init: Partial<PolicyOverlay>): PolicyOverlay {
  return create(PolicyOverlaySchema, { author: "ada", reason: "test", ...init } as PolicyOverlay);
}

test("an overlay ends at its time also while the broker is away, and who starts later does not see it any more", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-overlays-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await using server = await startServer({ storeDir: folder });
  await using broker = await connectBroker({ url: server.url, name: "test" });
  const clock = new ManualClock();
  await using overlays = await Overlays.open(broker, "test", clock);
  const contract = contracts.method(EchoService.method.echo);
  const told: string[] = [];
  overlays.onChange(({ kind }) => told.push(kind));
  expect(overlays.of(contract)).toBe(contract);
  const expiresAt = timestampFromMs(clock.now() + 5_000);
  await overlays.set(overlayOf({ method: contract.name, maxConcurrency: 1, expiresAt }));
  expect(overlays.of(contract)).toMatchObject({ maxConcurrency: 1, timeoutMs: contract.timeoutMs });
  // Made once, so that what goes by its identity does.
  expect(overlays.of(contract)).toBe(overlays.of(contract));
  await using early = await Overlays.open(broker, "test", clock);
  expect(early.all()).toHaveLength(1);
  await server.kill();
  await clock.advance(5_000);
  expect([overlays.all(), early.all(), overlays.of(contract)]).toEqual([[], [], contract]);
  await server.restart();
  await using late = await Overlays.open(broker, "test", clock);
  expect(late.all()).toEqual([]);
  expect(told).toEqual(["set", "expired"]);
});

test("a total that follows the timeout goes on to do so, and one that stands by itself is never shorter than one attempt", () => {
  const { echo, fail } = EchoService.method;
  const timeout = (ms: number) => overlayOf({ timeout: durationFromMs(ms) });
  expect(overlaidContract(contracts.method(echo), timeout(700))).toMatchObject({ timeoutMs: 700, totalTimeoutMs: 700 });
  // Its own is thirty seconds.
  expect(overlaidContract(contracts.method(fail), timeout(700))).toMatchObject({ totalTimeoutMs: 30_000 });
  expect(overlaidContract(contracts.method(fail), timeout(60_000))).toMatchObject({ totalTimeoutMs: 60_000 });
});
