// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Message } from "@bufbuild/protobuf";
import type { MethodContract } from "../contracts/policy.ts";
import type { MessageHeader } from "../header.ts";
import type { TraceContext } from "../telemetry/propagation.ts";

/** A call on its way out: what the client hands to its pipeline. Steps replace `header`, `trace` and `signal`. */
export interface Outgoing {
  readonly contract: MethodContract;
  readonly request: Message;
  /** Total time for the call with its retries, in milliseconds; the contract's unless the caller or its own caller has less. */
  readonly timeoutMs: number;
  header: MessageHeader;
  trace: TraceContext;
  /** The caller's at first; inside the attempt, the attempt's. */
  signal: AbortSignal | undefined;
  /** Milliseconds the current attempt may take; goes onto the wire. */
  remainingMs: number;
  /** Host and port of the instance that was tried last; unset in this process. */
  peer?: string | undefined;
}
