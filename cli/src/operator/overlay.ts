// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, toJson } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type PolicyOverlay,
  PolicyOverlaySchema,
  PolicyOverlayService,
} from "@parley/contracts/parley/mesh/v1/overlay_pb.js";
import {
  type BreakerPolicy,
  BreakerPolicySchema,
  RetryPolicySchema,
} from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { MeshChoice } from "../state/find-mesh.ts";
import { overlayTable, overlayText } from "../terminal/overlays-text.ts";
import { show } from "../terminal/show.ts";
import { meshClient } from "./mesh-client.ts";
import { meshContracts } from "./mesh-contracts.ts";
import { methodNamed } from "./method-named.ts";
import type { AuthorChoice, OperatorChoice } from "./operator-choice.ts";

/** What an overlay sets, as it is typed; lengths of time in milliseconds. */
export interface OverlayChoice extends AuthorChoice {
  readonly for: number;
  readonly reason: string;
  readonly timeout?: number | undefined;
  readonly retry?: readonly number[] | undefined;
  readonly concurrency?: number | undefined;
  readonly breakerRate?: number | undefined;
  readonly breakerWindow?: number | undefined;
  readonly breakerMinimum?: number | undefined;
  readonly breakerOpen?: number | undefined;
  readonly breakerProbes?: number | undefined;
}

/** Prints the overlays that hold now. */
export async function listOverlays(choice: OperatorChoice): Promise<void> {
  const { overlays } = await meshClient(PolicyOverlayService, choice).listOverlays({});
  print(overlays, choice.output);
}

/** Sets the overlay of a method and prints it. */
export async function setOverlay(method: string, choice: OverlayChoice): Promise<void> {
  const overlay = create(PolicyOverlaySchema, {
    method: await fullName(method, choice),
    author: choice.author,
    reason: choice.reason,
    expiresAt: timestampFromMs(Date.now() + choice.for),
  });
  if (choice.timeout !== undefined) overlay.timeout = durationFromMs(choice.timeout);
  if (choice.retry !== undefined) {
    overlay.retry = create(RetryPolicySchema, { delays: choice.retry.map(durationFromMs) });
  }
  if (choice.concurrency !== undefined) overlay.maxConcurrency = choice.concurrency;
  const breaker = breakerOf(choice);
  if (breaker !== undefined) overlay.breaker = breaker;
  const { overlay: set } = await meshClient(PolicyOverlayService, choice).setOverlay({ overlay });
  print(set === undefined ? [] : [set], choice.output);
}

/** Takes the overlay of a method away and prints what it was. */
export async function removeOverlay(method: string, choice: AuthorChoice): Promise<void> {
  const { author } = choice;
  const client = meshClient(PolicyOverlayService, choice);
  const { overlay } = await client.removeOverlay({ method: await fullName(method, choice), author });
  const gone = overlay === undefined ? [] : [overlay];
  show(choice.output, {
    json: () => gone.map((one) => toJson(PolicyOverlaySchema, one)),
    table: () => gone.map((one) => `removed: ${one.method} is no longer overridden (${overlayText(one)})`),
  });
}

async function fullName(method: string, choice: MeshChoice): Promise<string> {
  return methodNamed(await meshContracts(choice), method).name;
}

function breakerOf(choice: OverlayChoice): BreakerPolicy | undefined {
  const { breakerRate, breakerWindow, breakerMinimum, breakerOpen, breakerProbes } = choice;
  const all = [breakerRate, breakerWindow, breakerMinimum, breakerOpen, breakerProbes];
  if (all.every((setting) => setting === undefined)) return undefined;
  return create(BreakerPolicySchema, {
    ...(breakerRate === undefined ? {} : { failureRate: breakerRate }),
    ...(breakerWindow === undefined ? {} : { window: durationFromMs(breakerWindow) }),
    ...(breakerMinimum === undefined ? {} : { minimumCalls: breakerMinimum }),
    ...(breakerOpen === undefined ? {} : { openFor: durationFromMs(breakerOpen) }),
    ...(breakerProbes === undefined ? {} : { halfOpenProbes: breakerProbes }),
  });
}

function print(overlays: readonly PolicyOverlay[], output: OperatorChoice["output"]): void {
  show(output, {
    json: () => overlays.map((one) => toJson(PolicyOverlaySchema, one)),
    table: (style) => overlayTable(overlays, style),
  });
}
