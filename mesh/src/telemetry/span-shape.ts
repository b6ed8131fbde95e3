// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Attributes, Link, SpanKind } from "@opentelemetry/api";
import type { MessageHeader } from "../header.ts";
import type { MeshError } from "../mesh-error.ts";
import type { Instruments } from "./instruments.ts";
import type { TraceContext } from "./propagation.ts";

/** What every span is begun with. */
export interface SpanInit {
  readonly header: MessageHeader;
  /** Where the trace stands: of the cause at the sender, of the message at the receiver. */
  readonly parent: TraceContext;
}

/** Where an operation is seen from. */
export type Side = "call" | "serve" | "send" | "process";

/** What is measured when an operation is over. */
export interface Measured<I extends SpanInit> {
  readonly init: I;
  readonly durationS: number;
  /** Identity, and failure if there was one. */
  readonly attributes: Attributes;
}

/** How the spans of one side are made. Its functions are called only when somebody will see what they give. */
export interface SpanShape<I extends SpanInit> {
  readonly side: Side;
  readonly kind: SpanKind;
  /** Method or message type. */
  operation(init: I): string;
  name(init: I): string;
  /** Agent that acts, and the one that it acts towards (itself, at the receiver). */
  agents(init: I): { readonly agent: string; readonly target: string | undefined };
  /** Attributes of few distinct values: for sampling and metrics. */
  identity(init: I): Attributes;
  /** Attributes of any values. */
  details(init: I): Attributes;
  /** Attributes of a failure; one that has `error.type` counts as an error. */
  failure(error: MeshError): Attributes;
  /** Context that the span begins in and what it links to. Default: below the parent, no links. */
  place?(init: I): { readonly parent: TraceContext; readonly links: Link[] };
  measure(instruments: Instruments, measured: Measured<I>): void;
}
