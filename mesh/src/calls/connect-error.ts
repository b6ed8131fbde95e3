// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError } from "@connectrpc/connect";
import { MeshErrorDetailSchema } from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type ConnectCodeName, type ErrorCode, errorCodes } from "../error-codes.ts";
import { errorDetail, errorFromDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";

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
 */
export function fromConnectError(thrown: unknown, peer: string): MeshError {
  if (thrown instanceof MeshError) return thrown;
  const error = ConnectError.from(thrown);
  const [detail] = error.findDetails(MeshErrorDetailSchema);
  if (detail !== undefined) return errorFromDetail(detail, thrown);
  if (neverReached(error)) {
    const message = `"${peer}" could not be reached: ${error.rawMessage}`;
    return new MeshError({ code: "CONNECTION_LOST", message, cause: thrown });
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
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string" && unreachable.has(cause.code)) return true;
  }
  return false;
}
