// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ErrorCode } from "@parley/mesh";
import { errorCodes } from "@parley/mesh";

type ConnectCodeName = (typeof errorCodes)[ErrorCode]["connectCode"];

/** HTTP status by Connect code, as google.rpc.Code has it, but 422 where the request was understood and is refused. */
const byConnectCode: Readonly<Record<ConnectCodeName, number>> = {
  canceled: 499,
  invalid_argument: 400,
  deadline_exceeded: 504,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  resource_exhausted: 429,
  failed_precondition: 422,
  aborted: 409,
  unimplemented: 404,
  internal: 500,
  unavailable: 503,
  data_loss: 500,
  unauthenticated: 401,
};

/** Codes that mean something more exact in HTTP, or whose fault is not the client's. */
const byCode: Partial<Readonly<Record<ErrorCode, number>>> = {
  TOO_LARGE: 413,
  STORAGE_FULL: 507,
  CONTRACT_INCOMPLETE: 500,
  PORT_UNAVAILABLE: 500,
  BROKER_UNSUITABLE: 500,
  BROKER_NOT_FOUND: 500,
  COMMIT_TOO_LARGE: 500,
  COMMIT_INVALID: 500,
  LOOP: 500,
};

/** The HTTP status that says what a code of the mesh says; docs/rest.md shows the table, and a test holds the two together. */
export function statusOf(code: ErrorCode): number {
  return byCode[code] ?? byConnectCode[errorCodes[code].connectCode];
}
