// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { MeshError } from "@parley/mesh";
import { fromConnectError, toConnectError, tooLargeMessage } from "@parley/mesh/calls";
import { type Exchange, exchangeOf } from "./exchange.ts";

/**
 * Makes MeshErrors of the errors that Connect itself finds in a request: broken JSON, a message that is too large. To be
 * used as Connect's request gate, which runs before the request is read.
 *
 * Warning: no interceptor sees those errors. But Connect aborts the call's signal with each of them just before it writes
 * them, in every protocol, so here they are completed in place. Tests hold this for each protocol.
 */
export function completeErrors(context: HandlerContext): void {
  const exchange = exchangeOf(context);
  if (exchange === undefined) return;
  const onAbort = () => {
    const reason: unknown = context.signal.reason;
    if (exchange.error === undefined && reason instanceof ConnectError) complete(reason, exchange);
  };
  context.signal.addEventListener("abort", onAbort, { once: true });
}

function complete(error: ConnectError, exchange: Exchange): void {
  exchange.error = meshErrorOf(error, exchange);
  const { code, details, message, rawMessage } = toConnectError(exchange.error);
  Object.assign(error, { code, details, message, rawMessage });
}

/** Connect's codes for one who cannot be understood; which one depends on the format. */
const notUnderstood: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.Internal, Code.DataLoss, Code.Unknown]);

function meshErrorOf(error: ConnectError, { entered, contract }: Exchange): MeshError {
  const message = error.rawMessage;
  const tooLarge = tooLargeMessage(error);
  if (tooLarge !== undefined) return new MeshError({ code: "TOO_LARGE", message: tooLarge, mayHaveRun: entered });
  if (!entered && notUnderstood.has(error.code)) return new MeshError({ code: "UNDECODABLE", message, cause: error });
  return fromConnectError(error, contract.name).with({ message, mayHaveRun: entered });
}
