// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Served } from "./served.ts";

/** Tells a person who opened the gateway in a browser what it is, and what can be called. */
export function frontPage({ answers, rest }: Served): string {
  const names = [...answers.values()].flatMap(({ contract }) => (contract === undefined ? [] : [contract.name]));
  const paths = rest.routes.map(({ binding }) => `  ${binding.httpMethod.padEnd(6)} ${binding.template.text}`);
  const lines = [
    "This is the gateway of a Parley mesh. It speaks Connect, gRPC, gRPC-Web and REST, on this port.",
    "",
    names.length === 0 ? "Nobody serves a public method now." : "Methods:",
    ...names.sort().map((name) => `  ${name}`),
    "",
    "Call one with JSON:",
    "  curl -X POST <this address>/<package.Service/Method> -H 'content-type: application/json' -d '{}'",
    "grpcurl and other tools find the contracts by reflection.",
    "",
    ...(paths.length === 0 ? [] : ["REST, described by /openapi.json and, to read, /docs:", ...paths, ""]),
  ];
  return lines.join("\n");
}
