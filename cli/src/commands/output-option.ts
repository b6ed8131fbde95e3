// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Option } from "commander";

/** How an answer is printed: for people or for programs. */
export type OutputFormat = "table" | "json";

/** `-o table|json`. */
export function outputOption(): Option {
  return new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table");
}
