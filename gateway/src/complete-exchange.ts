// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { HandlerContext } from "@connectrpc/connect";
import { completeErrors, transportError } from "@parley/mesh/calls";
import { exchangeOf } from "./exchange.ts";

/** Makes MeshErrors of the errors that Connect itself finds in a request, and notes them in its exchange: a request gate. */
export function completeExchange(context: HandlerContext): void {
  const exchange = exchangeOf(context);
  if (exchange === undefined) return;
  completeErrors(context, (error) => {
    if (exchange.error !== undefined) return undefined;
    exchange.error = transportError(error, { operation: exchange.contract.name, entered: exchange.entered });
    return exchange.error;
  });
}
