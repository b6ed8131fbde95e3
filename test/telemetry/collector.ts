// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type CollectedPoint, type CollectedSpan, decodePoints, decodeSpans } from "./otlp.ts";

/** A collector for tests: takes OTLP/HTTP in protobuf as a real one does, and keeps it. */
export interface Collector extends AsyncDisposable {
  /** Value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All spans that arrived. */
  readonly spans: readonly CollectedSpan[];
  /** The data points of the last export of each process. */
  readonly points: readonly CollectedPoint[];
  /** Resolves with all spans as soon as they satisfy `enough`; never by itself, so a test's time limit bounds it. */
  until(enough: (spans: readonly CollectedSpan[]) => boolean): Promise<readonly CollectedSpan[]>;
}

/** Starts a collector on a free loopback port. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const points = new Map<unknown, readonly CollectedPoint[]>();
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const status = take(request, body);
    for (const look of [...waiting]) look();
    response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
  });

  function take(request: IncomingMessage, body: Buffer): number {
    if (request.headers["content-type"] !== "application/x-protobuf") return 415;
    if (request.url === "/v1/traces") spans.push(...decodeSpans(body));
    else if (request.url === "/v1/metrics") keep(decodePoints(body));
    else return 404;
    return 200;
  }

  function keep(exported: readonly CollectedPoint[]): void {
    // Metrics are totals since the process began: an export says all that the one before said.
    points.set(exported[0]?.resource["service.instance.id"], exported);
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    get points() {
      return [...points.values()].flat();
    },
    until: (enough) =>
      new Promise((resolve) => {
        const look = () => {
          if (!enough(spans)) return;
          waiting.delete(look);
          resolve(spans);
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
