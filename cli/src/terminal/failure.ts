// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { ConnectError } from "@connectrpc/connect";
import { type ErrorClass, fromConnectError, MeshError, type Violation } from "@parley/mesh/errors";
import { UsageError } from "../usage-error.ts";
import { duration } from "./duration.ts";
import { styleFor } from "./style.ts";

/** After these a person cannot know whether it was done. */
const inDoubt: readonly ErrorClass[] = ["TRANSIENT", "UNAVAILABLE", "TIMEOUT", "INTERNAL"];

/** Writes on standard error what went wrong, as much as whoever typed the command can use. */
export function showFailure(error: unknown): void {
  process.stderr.write(`${failureLines(error).join("\n")}\n`);
}

/**
 * What went wrong, as lines for standard error.
 *
 * @param lead how the first one begins
 */
export function failureLines(error: unknown, lead = "parley:"): readonly string[] {
  const { bold, red } = styleFor(process.stderr);
  if (error instanceof UsageError) return [`${red(lead)} ${error.message}`, ...error.hints];
  if (error instanceof ConnectError) return failureLines(fromConnectError(error, "the mesh"), lead);
  if (error instanceof MeshError) {
    const { code, message, violations, userMessage, retryAfterMs } = error;
    return [
      `${red(lead)} ${red(bold(code))} ${heading(message, violations)}`,
      ...violations.map(({ field, rule, message: problem }) => `  ${field}: ${problem} (${rule})`),
      ...(userMessage === undefined ? [] : [`  for the user: ${userMessage}`]),
      ...(retryAfterMs === undefined ? [] : [`  repeat after ${duration(retryAfterMs)}`]),
      ...(error.mayHaveRun && inDoubt.includes(error.errorClass) ? ["  the handler may have run"] : []),
    ];
  }
  return [`${red(lead)} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
}

/** The message without the violations that it ends with: they stand below it. */
function heading(message: string, [first]: readonly Violation[]): string {
  if (first === undefined) return message;
  const at = message.indexOf(`: ${first.field === "" ? "" : `${first.field}: `}${first.message}`);
  return at === -1 ? message : message.slice(0, at);
}
