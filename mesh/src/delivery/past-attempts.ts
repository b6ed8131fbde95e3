// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { latestTime } from "../due.ts";
import { type ErrorClass, errorCodes, isErrorCode } from "../error-codes.ts";
import { MeshError } from "../mesh-error.ts";

/** One failed try of a message. */
export interface FailedAttempt {
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly failedAt: number;
  readonly error: MeshError;
}

/** Header of a message that waits for a retry at the broker: its failed tries so far. */
export const attemptsHeader = "parley-attempts";

/** Tries that are carried along, newest last; the longest schedules of contracts have fewer. */
const maxCarried = 16;
/** Characters of an error's text that are carried along. */
const maxText = 120;

/** Failed tries as the value of {@link attemptsHeader}: number, time, code, class, whether it may have run, and text of each. */
export function writeAttempts(attempts: readonly FailedAttempt[]): string {
  return attempts
    .slice(-maxCarried)
    .map(({ attempt, failedAt, error: { code, errorClass, mayHaveRun, message } }) => {
      const text = encodeURIComponent(message.slice(0, maxText).toWellFormed());
      return [attempt, failedAt, code, errorClass, mayHaveRun ? 1 : 0, text].join(":");
    })
    .join(",");
}

/** The failed tries that a message carries; what cannot be read is left out, for it explains and decides nothing. */
export function readAttempts(headers: ReadonlyMap<string, string>): FailedAttempt[] {
  const entries = (headers.get(attemptsHeader) ?? "").split(",");
  return entries.flatMap((entry) => readAttempt(entry) ?? []);
}

function readAttempt(entry: string): FailedAttempt | undefined {
  const [attempt = "", failedAt = "", code = "", errorClass = "", mayHaveRun, text = ""] = entry.split(":");
  if (!/^\d{1,9}$/.test(attempt) || !/^\d{1,15}$/.test(failedAt) || Number(failedAt) > latestTime) return undefined;
  if (!isErrorCode(code) || !isClass(errorClass)) return undefined;
  const error = new MeshError({ code, errorClass, message: decoded(text), mayHaveRun: mayHaveRun !== "0" });
  return { attempt: Number(attempt), failedAt: Number(failedAt), error };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const classes: ReadonlySet<string> = new Set(Object.values(errorCodes).map(({ errorClass }) => errorClass));

function isClass(name: string): name is ErrorClass {
  return classes.has(name);
}
