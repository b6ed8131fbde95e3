// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Answers } from "./answers.ts";

/** Tells a person who opened the gateway in a browser what it is, and what can be called. */
export function frontPage(answers: Answers): string {
  const names = [...answers.values()].flatMap(({ contract }) => (contract === undefined ? [] : [contract.name]));
  const lines = [
    "This is the gateway of a Parley mesh. It speaks Connect, gRPC and gRPC-Web, on this port.",
    "",
    names.length === 0 ? "Nobody serves a public method now." : "Methods:",
    ...names.sort().map((name) => `  ${name}`),
    "",
    "Call one with JSON:",
    "  curl -X POST <this address>/<package.Service/Method> -H 'content-type: application/json' -d '{}'",
    "grpcurl and other tools find the contracts by reflection.",
    "",
  ];
  return lines.join("\n");
}
