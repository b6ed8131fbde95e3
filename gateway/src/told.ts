// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { traceIdOf } from "@parley/mesh/calls";
import type { Exchange } from "./exchange.ts";

/**
 * Headers that go back with every answer, also with an error: the trace and the flow, which a person quotes to the operator.
 */
export function* idsOf({ span, header }: Exchange): Iterable<readonly [name: string, value: string]> {
  yield ["x-trace-id", traceIdOf(span.context)];
  yield ["x-correlation-id", header.correlationId];
}
