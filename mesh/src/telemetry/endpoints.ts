// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

type Environment = Readonly<Record<string, string | undefined>>;

const variables = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
] as const;

/** What is wrong with the addresses of collectors, a line each: the SDK would take another address without a word. */
export function endpointTroubles(environment: Environment): readonly string[] {
  return variables.flatMap((name) => {
    const address = environment[name];
    const protocol = environment[name.replace("ENDPOINT", "PROTOCOL")] ?? environment["OTEL_EXPORTER_OTLP_PROTOCOL"];
    // gRPC takes a bare host and port, too.
    if (!address || isHttp(address) || protocol === "grpc") return [];
    return [`${name} is ${JSON.stringify(address)}, which is no URL; write one like "http://127.0.0.1:4318"`];
  });
}

function isHttp(address: string): boolean {
  return URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
}
