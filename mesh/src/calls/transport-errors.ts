// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { MeshError } from "../mesh-error.ts";
import { fromConnectError, toConnectError } from "./connect-error.ts";
import { tooLargeMessage } from "./too-large.ts";

/**
 * Makes MeshErrors of the errors that Connect itself finds in a request: broken JSON, a message that is too large. To be
 * called in Connect's request gate, which runs before the request is read.
 *
 * Warning: no interceptor sees those errors. But Connect aborts the call's signal with each error just before it writes it,
 * in every protocol, so here they are completed in place. Tests hold this for each protocol.
 *
 * @param instead What is answered; undefined: the error as it is, as where it was thrown on purpose
 */
export function completeErrors(
  { signal }: Pick<HandlerContext, "signal">,
  instead: (error: ConnectError) => MeshError | undefined,
): void {
  const onAbort = () => {
    const reason: unknown = signal.reason;
    const error = reason instanceof ConnectError ? instead(reason) : undefined;
    if (error !== undefined) Object.assign(reason as ConnectError, parts(error));
  };
  signal.addEventListener("abort", onAbort, { once: true });
}

function parts(error: MeshError): Pick<ConnectError, "code" | "details" | "message" | "rawMessage"> {
  const { code, details, message, rawMessage } = toConnectError(error);
  return { code, details, message, rawMessage };
}

/** Connect's codes for one who cannot be understood; which one depends on the format. */
const notUnderstood: ReadonlySet<Code> = new Set([Code.InvalidArgument, Code.Internal, Code.DataLoss, Code.Unknown]);

/**
 * What an error of Connect's own means.
 *
 * @param entered Whether the request could be read, so that its handler may have run
 */
export function transportError(
  error: ConnectError,
  { operation, entered }: { readonly operation: string; readonly entered: boolean },
): MeshError {
  const message = error.rawMessage;
  const tooLarge = tooLargeMessage(error);
  if (tooLarge !== undefined) return new MeshError({ code: "TOO_LARGE", message: tooLarge, mayHaveRun: entered });
  if (!entered && notUnderstood.has(error.code)) return new MeshError({ code: "UNDECODABLE", message, cause: error });
  return fromConnectError(error, operation).with({ message, mayHaveRun: entered });
}
