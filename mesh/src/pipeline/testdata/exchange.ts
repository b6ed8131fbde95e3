// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { DurationSchema } from "@bufbuild/protobuf/wkt";
import { headerFor } from "../../header.ts";
import { rootTrace } from "../../telemetry/propagation.ts";
import type { Incoming, Operation } from "../incoming.ts";
import type { Outgoing } from "../outgoing.ts";
import { Places } from "../places.ts";

const header = headerFor({ sourceAgentId: "test.caller", messageType: "t.T", name: "t.S/M", timestamp: 0 });

/** A call on its way out, with what of its contract the steps look at. */
export function outgoing(change: Partial<Outgoing> = {}, contract: Partial<Outgoing["contract"]> = {}): Outgoing {
  const retries = new Map([["UNAVAILABLE", { delaysMs: [1_000, 4_000], jitter: 0, maxRetryAfterMs: 60_000 }]]);
  const desc = { input: DurationSchema };
  return {
    contract: { name: "t.S/M", timeoutMs: 5_000, idempotent: true, retries, desc, ...contract } as Outgoing["contract"],
    request: create(DurationSchema),
    timeoutMs: 30_000,
    header,
    trace: rootTrace(),
    signal: undefined,
    remainingMs: 5_000,
    ...change,
  };
}

/** A message on its way to a handler. */
export function incoming(change: Partial<Incoming> = {}, operation: Partial<Operation> = {}): Incoming {
  return {
    operation: {
      kind: "call",
      name: "t.S/M",
      agent: "test.agent",
      handler: "M",
      input: DurationSchema,
      timeoutMs: 5_000,
      permission: undefined,
      asksOnly: false,
      places: new Places(2),
      ...operation,
    },
    header,
    message: create(DurationSchema),
    door: "local",
    trace: rootTrace(),
    signal: undefined,
    remainingMs: undefined,
    ...change,
  };
}
