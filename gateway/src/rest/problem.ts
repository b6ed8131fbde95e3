// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MeshError } from "@parley/mesh";
import { errorCodes } from "@parley/mesh";
import type { Whole } from "../write.ts";
import { statusOf } from "./status.ts";

/** An error as RFC 9457 writes it, with what a MeshError says besides. */
export interface Problem {
  /** Page that explains the code. */
  readonly type: string;
  /** The same for every error of the code. */
  readonly title: string;
  readonly status: number;
  /** What happened, with which value, and what to do next; for developers. */
  readonly detail: string;
  readonly code: string;
  readonly class: string;
  /** Whether the work may have been done: repeat only what is idempotent. */
  readonly may_have_run: boolean;
  /** Seconds, as in the header. */
  readonly retry_after?: number;
  /** May be shown to a person. */
  readonly user_message?: string;
  readonly violations?: readonly { readonly field: string; readonly rule: string; readonly message: string }[];
}

/** What a problem is answered with besides what the error says. */
export interface ProblemInit {
  /** Where HTTP has a status that is more exact than the one of the code. */
  readonly status?: number | undefined;
  readonly headers?: Iterable<readonly [name: string, value: string]> | undefined;
}

/** Media type of a problem. */
export const problemType = "application/problem+json";

/** The error as a problem. @see https://www.rfc-editor.org/rfc/rfc9457 */
export function problemOf(error: MeshError, status = statusOf(error.code)): Problem {
  const { code, errorClass, message, mayHaveRun, retryAfterMs, userMessage, violations } = error;
  return {
    type: `/docs/errors#${code}`,
    title: errorCodes[code].sentence,
    status,
    detail: message,
    code,
    class: errorClass,
    may_have_run: mayHaveRun,
    ...(retryAfterMs === undefined ? {} : { retry_after: Math.ceil(retryAfterMs / 1000) }),
    ...(userMessage === undefined ? {} : { user_message: userMessage }),
    ...(violations.length === 0
      ? {}
      : { violations: violations.map(({ field, rule, message }) => ({ field, rule, message })) }),
  };
}

/** The error as a whole answer. */
export function problem(error: MeshError, { status, headers = [] }: ProblemInit = {}): Whole {
  const body = problemOf(error, status);
  const retry = body.retry_after === undefined ? [] : [["retry-after", String(body.retry_after)] as const];
  return {
    status: body.status,
    headers: [["content-type", problemType], ["cache-control", "no-store"], ...retry, ...headers],
    body: JSON.stringify(body),
  };
}
