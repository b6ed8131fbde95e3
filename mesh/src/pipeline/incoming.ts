// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { PulledMessage } from "../broker/pulled-message.ts";
import type { MessageHeader } from "../header.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import type { Places } from "./places.ts";

/** What a handler is for, as the server steps need it: the policy of a method or of an event, seen from its handler. */
export interface Operation {
  readonly kind: "call" | "event" | "command";
  /** `package.Service/Method` or the event's full type name. */
  readonly name: string;
  /** Agent whose handler it is. */
  readonly agent: string;
  /** The hearer's name; on calls the method's, on commands the method's full name. */
  readonly handler: string;
  readonly input: DescMessage;
  /** It changes nothing, as the contract says: NO_SIDE_EFFECTS. */
  readonly asksOnly: boolean;
  /** One attempt in the handler. */
  readonly timeoutMs: number;
  /** What the sender must hold; `*` or unset: nothing. */
  readonly permission: string | undefined;
  /** Handlers of the method at once in this process, commands and calls together; unset: the pull bounds them. */
  readonly places?: Places | undefined;
}

/** A message on its way to a handler: what every door hands to the one pipeline. Steps fill in `trace` and `signal`. */
export interface Incoming {
  readonly operation: Operation;
  readonly header: MessageHeader;
  readonly message: Message;
  /** Door it came through; for traces only. */
  readonly door: "local" | "http" | "delivery";
  /** Where its trace stands: the sender's span at first, the handler's own inside the handler. */
  trace: TraceContext;
  /** Ends the handler's work: the caller's signal at first, the attempt's budget inside the handler. */
  signal: AbortSignal | undefined;
  /** What the caller still waits, in milliseconds; unset: the policy's timeout alone counts. */
  readonly remainingMs: number | undefined;
  /** When a command was to be run, in milliseconds since the epoch; unset: at once. */
  readonly due?: number | undefined;
  /** The stored message that it was read from; unset on calls. */
  readonly pulled?: Pick<PulledMessage, "stream" | "sequence" | "headers" | "deliveryCount"> | undefined;
}
