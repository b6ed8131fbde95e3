// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { JetStreamApiError } from "@nats-io/jetstream";
import { errors } from "@nats-io/transport-node";
import type { ErrorCode } from "../error-codes.ts";
import { MeshError } from "../mesh-error.ts";

/**
 * What the broker's own error codes mean here.
 * @see https://github.com/nats-io/nats-server/blob/main/server/errors.json
 */
const meanings: ReadonlyMap<number, ErrorCode> = new Map([
  [10014, "NOT_FOUND"], // consumer
  [10037, "NOT_FOUND"], // message
  [10059, "NOT_FOUND"], // stream
  [10071, "CONFLICT"], // wrong last sequence
  [10164, "CONFLICT"], // wrong last sequence, on another replica's word
  [10023, "STORAGE_FULL"], // insufficient resources
  [10047, "STORAGE_FULL"], // no room left for the stream's limit
  [10077, "STORAGE_FULL"], // stream at its limit
  [10054, "TOO_LARGE"],
  [10039, "BROKER_UNSUITABLE"], // JetStream not enabled for the account
  [10076, "BROKER_UNSUITABLE"], // JetStream not enabled
]);

/** The meaning of a refusal by the broker: `errorCode` is its own number, `status` an HTTP-like one. */
export function meaningOf(errorCode: number, status: number): ErrorCode {
  // Codes of their own say more; the rest of the 5xx is a leader that is being elected, or the like.
  return meanings.get(errorCode) ?? (status >= 500 ? "BROKER_UNAVAILABLE" : "INTERNAL");
}

/**
 * A failure of the client library as MeshError, `what` says what was tried. Silence, a lost connection and a broker without a
 * leader are BROKER_UNAVAILABLE.
 */
export function brokerError(error: unknown, what: string): MeshError {
  if (error instanceof MeshError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  const refusal = refusalIn(error);
  if (refusal !== undefined) {
    const message = `${what}: the broker refused (${refusal.code}): ${reason}`;
    return new MeshError({ code: meaningOf(refusal.code, refusal.status), message, cause: error });
  }
  return new MeshError({ code: codeOf(error), message: `${what}: ${reason}`, cause: error });
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof errors.PermissionViolationError) return "PERMISSION_DENIED";
  return mistakes.some((kind) => error instanceof kind) ? "INTERNAL" : "BROKER_UNAVAILABLE";
}

/** Errors that repeating does not cure. */
const mistakes = [
  TypeError,
  ReferenceError,
  RangeError,
  errors.InvalidArgumentError,
  errors.InvalidOperationError,
  errors.InvalidSubjectError,
] as const;

/** The library hides some of the broker's refusals in the cause of errors of its own. */
function refusalIn(error: unknown): JetStreamApiError | undefined {
  if (error instanceof JetStreamApiError) return error;
  return error instanceof Error && error.cause instanceof JetStreamApiError ? error.cause : undefined;
}

/** Whether an error says that the thing is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof JetStreamApiError && meaningOf(error.code, error.status) === "NOT_FOUND";
}

/** Whether an error says that somebody else has just created the stream, with other settings. */
export function isCreatedMeanwhile(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === 10058;
}
