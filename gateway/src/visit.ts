// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Clock, MeshError } from "@parley/mesh";
import type { Request, Response } from "@parley/mesh/calls";
import type { Exchange } from "./exchange.ts";

/** One request at the gateway's port, and its response. */
export interface Visit {
  readonly request: Request;
  readonly response: Response;
  readonly clock: Clock;
  /** Ends streams when it aborts, with its reason. */
  readonly closing: AbortSignal;
}

/** Ends an exchange with its response, also with one that its client did not wait for. */
export function endWith(response: Response, exchange: Exchange): void {
  response.once("close", () => {
    if (!response.writableEnded) exchange.error ??= canceled(exchange);
    exchange.span.end(exchange.error);
  });
}

function canceled({ contract }: Exchange): MeshError {
  const message = `"${contract.name}" was canceled by its client`;
  return new MeshError({ code: "CANCELED", message, mayHaveRun: true });
}
