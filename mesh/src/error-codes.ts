// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/** Kinds of failure; the class picks the retry schedule. Mirrors parley.mesh.v1.ErrorClass. */
export type ErrorClass =
  | "TRANSIENT"
  | "RATE_LIMIT"
  | "UNAVAILABLE"
  | "PERMISSION"
  | "TIMEOUT"
  | "INVALID"
  | "CONFLICT"
  | "NOT_FOUND"
  | "INTERNAL";

/** Names of the Connect (and gRPC) codes, in lower snake case as Connect writes them. */
export type ConnectCodeName =
  | "canceled"
  | "invalid_argument"
  | "deadline_exceeded"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "out_of_range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data_loss"
  | "unauthenticated";

interface CodeEntry {
  /** What happened, in one sentence. */
  readonly sentence: string;
  readonly errorClass: ErrorClass;
  readonly connectCode: ConnectCodeName;
  /** What to do next. */
  readonly remedy: string;
}

/**
 * Every code that a MeshError can carry. The one table: docs/errors.md is checked against it both ways. A code is never
 * renamed or given another class; a new meaning gets a new code.
 */
export const errorCodes = {
  INVALID_MESSAGE: {
    sentence: "A message breaks the rules of its contract.",
    errorClass: "INVALID",
    connectCode: "invalid_argument",
    remedy: "Correct the fields named in the violations.",
  },
  UNDECODABLE: {
    sentence: "A payload is not the message that its type says.",
    errorClass: "INVALID",
    connectCode: "invalid_argument",
    remedy: "Send the payload in the stated format; check that both sides were built from the same contract.",
  },
  UNKNOWN_TYPE: {
    sentence: "A message type, service or event is in none of the contracts known here.",
    errorClass: "INVALID",
    connectCode: "invalid_argument",
    remedy: "Check the name; `parley contracts` lists the known ones.",
  },
  TOO_LARGE: {
    sentence: "A message is larger than the limit.",
    errorClass: "INVALID",
    connectCode: "resource_exhausted",
    remedy: "Send a reference to large data instead of the data.",
  },
  INVALID_KEY: {
    sentence: "A key cannot be used in a subject.",
    errorClass: "INVALID",
    connectCode: "invalid_argument",
    remedy: "Use a key of at most 180 UTF-8 bytes.",
  },
  CONTRACT_INCOMPLETE: {
    sentence: "A contract lacks a policy that the runtime needs.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Add the option that the message names; the contract lint finds all of them.",
  },
  UNIMPLEMENTED: {
    sentence: "The method is unknown, not served, or not reachable from here.",
    errorClass: "NOT_FOUND",
    connectCode: "unimplemented",
    remedy: "Check service and method; only methods with EXPOSURE_PUBLIC are reachable at the gateway.",
  },
  NOT_FOUND: {
    sentence: "What was asked for does not exist.",
    errorClass: "NOT_FOUND",
    connectCode: "not_found",
    remedy: "Check the id in the message.",
  },
  PERMISSION_DENIED: {
    sentence: "The caller lacks the permission that the contract asks for.",
    errorClass: "PERMISSION",
    connectCode: "permission_denied",
    remedy: "Grant the permission to the calling agent.",
  },
  UNAUTHENTICATED: {
    sentence: "The caller is not known.",
    errorClass: "PERMISSION",
    connectCode: "unauthenticated",
    remedy: "Call through the mesh client or the gateway, which name the caller.",
  },
  UNAVAILABLE: {
    sentence: "Nobody serves this now.",
    errorClass: "UNAVAILABLE",
    connectCode: "unavailable",
    remedy: "Start an instance of the agent, or repeat later.",
  },
  MAINTENANCE: {
    sentence: "The mesh, or the part of it that is called, is under maintenance and only answers questions.",
    errorClass: "UNAVAILABLE",
    connectCode: "unavailable",
    remedy: "Repeat after retry_after; `parley maintenance list` says who began it and why.",
  },
  BREAKER_OPEN: {
    sentence: "Too many calls failed; the breaker refuses more for a while.",
    errorClass: "UNAVAILABLE",
    connectCode: "unavailable",
    remedy: "Repeat after retry_after; look at the failures that opened it.",
  },
  DRAINING: {
    sentence: "The instance is shutting down and takes no new work.",
    errorClass: "UNAVAILABLE",
    connectCode: "unavailable",
    remedy: "Repeat; another instance will take it.",
  },
  CONNECTION_LOST: {
    sentence: "The connection to the peer or the broker broke.",
    errorClass: "TRANSIENT",
    connectCode: "unavailable",
    remedy: "Repeat if may_have_run is false or the method is idempotent.",
  },
  PORT_UNAVAILABLE: {
    sentence: "A port cannot be listened on.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Stop what listens there, or choose another port; 0 takes a free one.",
  },
  BROKER_UNAVAILABLE: {
    sentence: "The broker cannot be reached or did not answer.",
    errorClass: "TRANSIENT",
    connectCode: "unavailable",
    remedy: "Start nats-server or check PARLEY_NATS_URL.",
  },
  BROKER_UNSUITABLE: {
    sentence: "The broker is too old, lacks JetStream, or has streams that the mesh cannot use.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy:
      "Use nats-server 2.14.5 or newer with JetStream enabled; where the message names a stream, ask `parley doctor`.",
  },
  BROKER_NOT_FOUND: {
    sentence: "No usable nats-server could be found or fetched.",
    errorClass: "UNAVAILABLE",
    connectCode: "failed_precondition",
    remedy: "Install nats-server 2.14.5 or newer, set NATS_SERVER to its path, or PARLEY_NATS_URL to a running one.",
  },
  STORAGE_FULL: {
    sentence: "A stream is at its size limit.",
    errorClass: "UNAVAILABLE",
    connectCode: "resource_exhausted",
    remedy: "Make room in the stream that the message names, or raise its limit; nothing was stored.",
  },
  OVERLOADED: {
    sentence: "More calls are in progress than the contract allows.",
    errorClass: "RATE_LIMIT",
    connectCode: "resource_exhausted",
    remedy: "Repeat after retry_after, or add instances.",
  },
  DEADLINE_EXCEEDED: {
    sentence: "Time ran out before an answer came.",
    errorClass: "TIMEOUT",
    connectCode: "deadline_exceeded",
    remedy: "Allow more time or find what is slow; repeat only what is idempotent.",
  },
  CANCELED: {
    sentence: "The caller gave up.",
    errorClass: "TIMEOUT",
    connectCode: "canceled",
    remedy: "Nothing; the work was stopped on request.",
  },
  CONFLICT: {
    sentence: "Someone else changed the same thing first.",
    errorClass: "CONFLICT",
    connectCode: "aborted",
    remedy: "Load the newest state and decide again.",
  },
  COMMIT_TOO_LARGE: {
    sentence: "A commit holds more messages than can be stored together.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Commit less at once; what has to happen over many keys is a saga's work.",
  },
  COMMIT_INVALID: {
    sentence: "A commit breaks a rule of journals.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Correct the decide function or its keys as the message says.",
  },
  JOURNAL_AHEAD: {
    sentence: "A key holds events that this version of the agent does not know.",
    errorClass: "UNAVAILABLE",
    connectCode: "unavailable",
    remedy: "Finish the deployment: instances of the newer version serve this key.",
  },
  JOURNAL_BROKEN: {
    sentence: "The events of a key are not whole: one is missing, doubled or unreadable.",
    errorClass: "INTERNAL",
    connectCode: "data_loss",
    remedy: "Stop writing to the key and restore its stream together with EVENTS; `parley doctor` shows the extent.",
  },
  PROJECTION_BROKEN: {
    sentence: "A projection met an event that it could not fold, and stands still there.",
    errorClass: "INTERNAL",
    connectCode: "internal",
    remedy: "Correct its evolve function and start the agent again; it is rebuilt from its events.",
  },
  MESSAGE_ID_REUSED: {
    sentence: "A message was sent under an id that another message already has.",
    errorClass: "CONFLICT",
    connectCode: "already_exists",
    remedy: "Make the handler send the same content when it handles the same message again.",
  },
  LOOP: {
    sentence: "A message went through too many agents.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Find the agents that answer each other; at most 32 hops are allowed.",
  },
  EXPIRED: {
    sentence: "A durable message was not handled in time.",
    errorClass: "TIMEOUT",
    connectCode: "deadline_exceeded",
    remedy: "Handle faster, or allow more time in the contract.",
  },
  SAGA_INVALID: {
    sentence: "A saga was defined or used in a way that cannot work.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Correct the saga's definition, its code or the id, as the message says.",
  },
  SAGA_RUNNING: {
    sentence: "A saga of this key is not over yet.",
    errorClass: "CONFLICT",
    connectCode: "already_exists",
    remedy: "Wait for its end, cancel or resolve it, or use another key.",
  },
  SAGA_TOO_LONG: {
    sentence: "A saga has more steps, or more data in its history, than is kept.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Send references to large data, or let it begin another saga as a step.",
  },
  SAGA_FAILED: {
    sentence: "A saga that was begun as a step of another one did not complete.",
    errorClass: "INVALID",
    connectCode: "aborted",
    remedy: "See the message; what it did was undone, unless an operator resolved it.",
  },
  NONDETERMINISTIC: {
    sentence: "The code of a saga does not do what its history tells that it did.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "Deploy code that branches on `saga.version`, or give the new code a new name; then `parley sagas retry`.",
  },
  STEP_UNDONE: {
    sentence: "A step of a saga came after it was undone, and is refused.",
    errorClass: "INVALID",
    connectCode: "aborted",
    remedy: "Nothing; the saga has undone the step, and nobody waits for it.",
  },
  COMMAND_FAILED: {
    sentence: "A command failed for good.",
    errorClass: "INTERNAL",
    connectCode: "failed_precondition",
    remedy: "Look at its last error; correct what caused it and redrive its dead letter, or dispatch anew.",
  },
  COMMAND_CANCELLED: {
    sentence: "A command was taken back.",
    errorClass: "CONFLICT",
    connectCode: "failed_precondition",
    remedy: "Nothing; dispatch a new command if it is wanted after all.",
  },
  COMMAND_ENDED: {
    sentence: "A command has come to its end and cannot be taken back.",
    errorClass: "CONFLICT",
    connectCode: "failed_precondition",
    remedy: "See its state in the message; what was done has to be undone by the agent's own means.",
  },
  REFUSED: {
    sentence: "The agent refuses what was asked, for a reason of its domain.",
    errorClass: "INVALID",
    connectCode: "failed_precondition",
    remedy: "See the message; asking again the same way will be refused again.",
  },
  INTERNAL: {
    sentence: "A handler failed in a way its author did not foresee.",
    errorClass: "INTERNAL",
    connectCode: "internal",
    remedy: "Look at the trace and the logs of the serving agent.",
  },
} as const satisfies Record<string, CodeEntry>;

/** A code of the table. */
export type ErrorCode = keyof typeof errorCodes;

/** Whether a text, such as a peer may send, is a code of the table. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
