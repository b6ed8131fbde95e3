// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import {
  type MeshErrorDetail,
  MeshErrorDetailSchema,
  ErrorClass as WireClass,
} from "@parley/contracts/parley/mesh/v1/error_pb.js";
import { type ErrorClass, errorCodes, isErrorCode } from "./error-codes.ts";
import { MeshError } from "./mesh-error.ts";

/** A MeshError as protobuf: what goes over the network and into dead letters. */
export function errorDetail(error: MeshError): MeshErrorDetail {
  return create(MeshErrorDetailSchema, {
    errorClass: WireClass[error.errorClass],
    code: error.code,
    message: error.message,
    mayHaveRun: error.mayHaveRun,
    userMessage: error.userMessage ?? "",
    violations: error.violations.map((violation) => ({ ...violation })),
    ...(error.retryAfterMs === undefined ? {} : { retryAfter: durationFromMs(Math.ceil(error.retryAfterMs)) }),
  });
}

/** The MeshError that a detail tells of; a code that this version does not know becomes INTERNAL of the stated class. */
export function errorFromDetail(detail: MeshErrorDetail, cause?: unknown): MeshError {
  const known = isErrorCode(detail.code) ? detail.code : undefined;
  return new MeshError({
    code: known ?? "INTERNAL",
    message: known === undefined ? `${detail.code}: ${detail.message}` : detail.message,
    errorClass: classNames.get(detail.errorClass),
    mayHaveRun: detail.mayHaveRun,
    retryAfterMs: detail.retryAfter === undefined ? undefined : durationMs(detail.retryAfter),
    userMessage: detail.userMessage === "" ? undefined : detail.userMessage,
    violations: detail.violations,
    cause,
  });
}

const classNames = new Map<WireClass, ErrorClass>(
  Object.values(errorCodes).map(({ errorClass }) => [WireClass[errorClass], errorClass]),
);
