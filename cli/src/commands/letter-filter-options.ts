// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, Option } from "commander";
import { momentArgument } from "./moment-argument.ts";

/** Which letters are meant, as it is typed. */
export interface LetterFilterChoice {
  readonly agent?: string | undefined;
  readonly hearer?: string | undefined;
  readonly type?: string | undefined;
  readonly key?: string | undefined;
  readonly code?: string | undefined;
  readonly class?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const classes = "TRANSIENT RATE_LIMIT UNAVAILABLE PERMISSION TIMEOUT INVALID CONFLICT NOT_FOUND INTERNAL".split(" ");

/** Adds the options by which letters are chosen. */
export function withLetterFilter(command: Command): Command {
  return command
    .option("--agent <name>", "agent that gave up")
    .option("--hearer <name>", "its hearer, or package.Service/Method")
    .option("--type <name>", "event by contract name, alias or full name, or package.Service/Method")
    .option("--key <key>", "key of the message")
    .option("--code <code>", "code of the last error, e.g. REFUSED")
    .addOption(new Option("--class <class>", "class of the last error").choices(classes))
    .option("--since <time>", "given up since then, e.g. 2h or 2026-11-21T10:00:00Z", momentArgument)
    .option("--until <time>", "given up before then", momentArgument);
}
