// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { userInfo } from "node:os";
import { Option } from "commander";

/** `--author <name>`, or another flag for the same: who is asking, by default the user of this machine. */
export function authorOption(flags = "--author <name>", description = "who does it"): Option {
  return new Option(flags, description).default(userName());
}

/** The user of this machine, for the record: nobody checks it. Empty where nobody has a name, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "";
  }
}
