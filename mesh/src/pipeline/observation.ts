// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ErrorCode } from "../error-codes.ts";
import type { MessageHeader } from "../header.ts";

/** Something that was said: what a transcript is written from. Times are real milliseconds. */
export type Observation = {
  readonly header: MessageHeader;
  /** Trace id in hex; empty when there is none. */
  readonly traceId: string;
  /** Real milliseconds since the epoch, at which it began. */
  readonly at: number;
  readonly tookMs: number;
  readonly error: ErrorCode | undefined;
} & (
  | {
      readonly kind: "called" /** Whether it left the process. */;
      readonly remote: boolean;
    }
  | { readonly kind: "published" | "dispatched" }
  | { readonly kind: "heard" | "ran" /** A command that was run. */; readonly agent: string; readonly hearer: string }
);

/** Is told of everything that a host says and hears. Must not throw and must be quick: it is called on every message's way. */
export type Observer = (observation: Observation) => void;
