// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ErrorClass, type ErrorCode, errorCodes } from "./error-codes.ts";

/** One broken rule of a message. */
export interface Violation {
  /** Field path, e.g. `time_preference.range.earliest`. */
  readonly field: string;
  /** Rule, e.g. `string.min_len`. */
  readonly rule: string;
  readonly message: string;
}

const untouched = new WeakSet<MeshError>();

/**
 * An error by which a handler says of itself that it has done nothing yet: `throw notRun(new MeshError({ … }))`. Without that
 * whatever a handler throws may have run, so the call is repeated only where the method is idempotent, and no other method
 * takes over.
 */
export function notRun(error: MeshError): MeshError {
  const said = error.with({ mayHaveRun: false });
  untouched.add(said);
  return said;
}

/** What a handler threw, as its caller is to see it: it may have run unless it says otherwise by {@link notRun}. */
export function thrownByHandler(thrown: unknown): MeshError {
  const error = MeshError.from(thrown);
  return untouched.has(error) ? error : error.with({ mayHaveRun: true });
}

/** What a MeshError is made of. */
export interface MeshErrorInit {
  readonly code: ErrorCode;
  /** What happened, with which value, and what to do next. Must not hold values that the contract marks personal. */
  readonly message: string;
  /** Default: the class that the code table gives. */
  readonly errorClass?: ErrorClass | undefined;
  /** Default: false. True when the handler may have run. */
  readonly mayHaveRun?: boolean | undefined;
  /** Milliseconds; unset: not known. */
  readonly retryAfterMs?: number | undefined;
  /** A sentence that may be shown to a person. */
  readonly userMessage?: string | undefined;
  readonly violations?: readonly Violation[] | undefined;
  readonly cause?: unknown;
}

/**
 * The error of the mesh: every door gives it and takes it, so a caller sees the same code, class and advice whether the
 * handler ran in this process, over the network or on the durable path.
 */
export class MeshError extends Error {
  override readonly name = "MeshError";
  readonly code: ErrorCode;
  readonly errorClass: ErrorClass;
  readonly mayHaveRun: boolean;
  readonly retryAfterMs: number | undefined;
  readonly userMessage: string | undefined;
  readonly violations: readonly Violation[];

  constructor(init: MeshErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.errorClass = init.errorClass ?? errorCodes[init.code].errorClass;
    this.mayHaveRun = init.mayHaveRun ?? false;
    this.retryAfterMs = init.retryAfterMs;
    this.userMessage = init.userMessage;
    this.violations = init.violations ?? [];
  }

  /** Any thrown value as a MeshError: itself when it is one, else INTERNAL with the value as cause. */
  static from(thrown: unknown): MeshError {
    if (thrown instanceof MeshError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new MeshError({
      code: "INTERNAL",
      message,
      mayHaveRun: true,
      cause: thrown,
    });
  }

  /** The same error with other settings; used where a door knows more, e.g. that the handler has begun. */
  with(change: Partial<MeshErrorInit>): MeshError {
    return new MeshError({ ...this.init(), ...change });
  }

  private init(): MeshErrorInit {
    const { code, message, errorClass, mayHaveRun, retryAfterMs, userMessage, violations, cause } = this;
    return {
      code,
      message,
      errorClass,
      mayHaveRun,
      retryAfterMs,
      userMessage,
      violations,
      cause,
    };
  }
}
