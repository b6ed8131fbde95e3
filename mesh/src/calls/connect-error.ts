// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError } from "@connectrpc/connect";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type ConnectCodeName, type ErrorCode, errorCodes } from "../error-codes.ts";
import { errorDetail, errorFromDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";
import { tooLargeMessage } from "./too-large.ts";

/** A MeshError as it goes over the network: the Connect code of the table, and all of it as a detail. */
export function toConnectError(error: MeshError): ConnectError {
  const headers = new Headers();
  if (error.retryAfterMs !== undefined) headers.set("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
  const code = connectCodes[errorCodes[error.code].connectCode];
  return new ConnectError(error.message, code, headers, [{ desc: MeshErrorDetailSchema, value: errorDetail(error) }]);
}

/**
 * What a peer answered, as MeshError. A peer of the mesh sends the whole error as a detail; from any other Connect or gRPC
 * server only its code is known, and then the handler may have run.
 *
 * @param gaveUp whether the caller itself has ended the call; when it has not, a canceled one is a lost connection
 */
export function fromConnectError(thrown: unknown, peer: string, gaveUp = true): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const error = ConnectError.from(thrown);
  const [detail] = error.findDetails(MeshErrorDetailSchema);
  if (detail !== undefined) return errorFromDetail(detail, thrown);
  if (neverReached(error)) {
    const message = `"${peer}" could not be reached: ${error.rawMessage}`;
    return new MeshError({ code: "CONNECTION_LOST", message, cause: thrown });
  }
  if (isRefusedStream(error)) {
    const message = `"${peer}" refused the call before any handler had it, as one does that is shutting down: ${error.rawMessage}`;
    return new MeshError({ code: "DRAINING", message, cause: thrown });
  }
  if (isBroken(error) || (error.code === Code.Canceled && !gaveUp)) {
    const message = `the connection to "${peer}" was lost before the answer was whole: ${error.rawMessage}`;
    return new MeshError({ code: "CONNECTION_LOST", message, mayHaveRun: true, cause: thrown });
  }
  const tooLarge = tooLargeMessage(error);
  if (tooLarge !== undefined) {
    return new MeshError({
      code: "TOO_LARGE",
      message: `to or from "${peer}": ${tooLarge}`,
      mayHaveRun: true,
      cause: thrown,
    });
  }
  const code = foreignCodes.get(error.code) ?? "INTERNAL";
  return new MeshError({
    code,
    message: `"${peer}" answered: ${error.message}`,
    mayHaveRun: true,
    cause: thrown,
  });
}

const connectCodes: Record<ConnectCodeName, Code> = {
  canceled: Code.Canceled,
  invalid_argument: Code.InvalidArgument,
  deadline_exceeded: Code.DeadlineExceeded,
  not_found: Code.NotFound,
  already_exists: Code.AlreadyExists,
  permission_denied: Code.PermissionDenied,
  resource_exhausted: Code.ResourceExhausted,
  failed_precondition: Code.FailedPrecondition,
  aborted: Code.Aborted,
  out_of_range: Code.OutOfRange,
  unimplemented: Code.Unimplemented,
  internal: Code.Internal,
  unavailable: Code.Unavailable,
  data_loss: Code.DataLoss,
  unauthenticated: Code.Unauthenticated,
};

/** Our code for a bare Connect code, where no detail says more. */
const foreignCodes = new Map<Code, ErrorCode>([
  [Code.Canceled, "CANCELED"],
  [Code.InvalidArgument, "INVALID_MESSAGE"],
  [Code.OutOfRange, "INVALID_MESSAGE"],
  [Code.DeadlineExceeded, "DEADLINE_EXCEEDED"],
  [Code.NotFound, "NOT_FOUND"],
  [Code.AlreadyExists, "CONFLICT"],
  [Code.Aborted, "CONFLICT"],
  [Code.PermissionDenied, "PERMISSION_DENIED"],
  [Code.Unauthenticated, "UNAUTHENTICATED"],
  [Code.ResourceExhausted, "OVERLOADED"],
  [Code.FailedPrecondition, "REFUSED"],
  [Code.Unimplemented, "UNIMPLEMENTED"],
  [Code.Unavailable, "CONNECTION_LOST"],
]);

/** System errors that come before any byte of the request could be handled. */
const unreachable = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"]);

function neverReached(error: ConnectError): boolean {
  return nodeCauses(error).some((cause) => unreachable.has(cause.code) || syscallOf(cause) === "connect");
}

/** The call of the system that failed: without a connection nothing was sent, whatever the reason. */
function syscallOf(cause: Error): unknown {
  return "syscall" in cause ? cause.syscall : undefined;
}

/**
 * A server refuses streams that it has not given to any handler, such as those behind its GOAWAY.
 * Warning: Node and Connect say which code ended a stream only in their sentences.
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.7
 */
function isRefusedStream(error: ConnectError): boolean {
  const byNode = nodeCauses(error).some(
    ({ code, message }) => code === "ERR_HTTP2_STREAM_ERROR" && message.endsWith("NGHTTP2_REFUSED_STREAM"),
  );
  return byNode || error.rawMessage === "http/2 stream closed with error code REFUSED_STREAM (0x7)";
}

/** Whether Node lost the connection, or one stream of it. Connect alone would call some of these "aborted": a conflict. */
function isBroken(error: ConnectError): boolean {
  return nodeCauses(error).some(
    (cause) => "syscall" in cause || cause.code.startsWith("ERR_HTTP2_") || cause.code.startsWith("ERR_STREAM_"),
  );
}

/** The errors of Node that an error comes from: their codes are texts. */
function nodeCauses(error: ConnectError): readonly (Error & { readonly code: string })[] {
  const causes: (Error & { readonly code: string })[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") causes.push(cause as Error & { readonly code: string });
  }
  return causes;
}
