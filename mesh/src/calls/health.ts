// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { Health, HealthCheckResponse_ServingStatus as Wire } from "@parley/contracts/grpc/health/v1/health_pb.js";
import type { HealthBoard, HealthStatus } from "./health-board.ts";
import { type StandardServiceOptions, standardOptions } from "./standard-service.ts";

/**
 * Adds `grpc.health.v1.Health`, which kubelet, grpc-health-probe and gRPC clients ask, to a router: Check, List and Watch
 * over the board. Watch sends the newest status, so a slow reader may miss one that did not last.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function mountHealth(router: ConnectRouter, board: HealthBoard, options: StandardServiceOptions = {}): void {
  router.service(
    Health,
    {
      check({ service }) {
        const status = board.get(service);
        if (status === undefined)
          throw new ConnectError(`The health of "${service}" is not known here.`, Code.NotFound);
        return { status: Wire[status] };
      },
      list() {
        const statuses = [...board.entries()].map(([service, status]) => [service, { status: Wire[status] }]);
        return { statuses: Object.fromEntries(statuses) };
      },
      async *watch({ service }, { signal }) {
        for await (const status of changes(board, service, signal)) {
          yield { status: status === undefined ? Wire.SERVICE_UNKNOWN : Wire[status] };
        }
        throw new ConnectError("The host is shutting down.", Code.Unavailable);
      },
    },
    standardOptions(options),
  );
}

/** The status now, and again whenever it differs from the last one given; ends when the signal aborts. */
async function* changes(
  board: HealthBoard,
  service: string,
  signal: AbortSignal,
): AsyncGenerator<HealthStatus | undefined> {
  let wake = () => {};
  const stopListening = board.onChange(() => wake());
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    let last = board.get(service);
    yield last;
    for (;;) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const status = board.get(service);
      // What was set last is told before the end: a host sets NOT_SERVING and shuts down in one go.
      if (status === last && signal.aborted) return;
      if (status === last) await changed;
      else yield status;
      last = status;
    }
  } finally {
    stopListening();
    signal.removeEventListener("abort", onAbort);
  }
}
