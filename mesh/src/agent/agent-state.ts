// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type AgentState, AgentStateSchema } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Port } from "../calls/port.ts";
import type { Work, Workload } from "../pipeline/workload.ts";

/** Pieces of work that are told by name; the others are counted. */
const maxNamed = 10;

/** Tells, each time that it is asked, what an agent of this process does; the processor's share is since the time before. */
export function agentStates(workload: Workload, port: Pick<Port, "connections">): () => AgentState {
  let cpu = process.cpuUsage();
  let askedAt = performance.now();
  return () => {
    const now = performance.now();
    const used = process.cpuUsage(cpu);
    const cpuCores = (used.user + used.system) / 1000 / Math.max(1, now - askedAt);
    cpu = process.cpuUsage();
    askedAt = now;
    return create(AgentStateSchema, {
      inProgress: workload.inHand.size,
      currentWork: oldest(workload.inHand).map(({ operation, messageId, startedAt }) => ({
        operation,
        messageId,
        startedAt: timestampFromMs(startedAt),
      })),
      performance: {
        completed: BigInt(workload.completed),
        failed: BigInt(workload.failed),
        refused: BigInt(workload.refused),
        averageResponseTime: durationFromMs(Math.round(workload.averageMs)),
        errorRate: workload.errorRate,
      },
      resources: {
        memoryBytes: BigInt(process.memoryUsage.rss()),
        cpuCores,
        activeConnections: port.connections,
      },
      toldAt: timestampFromMs(Date.now()),
    });
  };
}

/** Not all of it is copied: there may be thousands. */
function oldest(inHand: ReadonlySet<Work>): readonly Work[] {
  const found: Work[] = [];
  for (const work of inHand) {
    if (found.length === maxNamed) break;
    found.push(work);
  }
  return found;
}
