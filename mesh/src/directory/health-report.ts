// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  Escalation,
  FailureReason,
  type HealthReport,
  HealthReportSchema,
  HealthStatus,
} from "@parley/contracts/parley/mesh/v1/directory_pb.js";

/** What is known of an instance's signs of life. */
export interface SignsOfLife {
  /** Milliseconds since the epoch at which the last one came, by the clock of whoever reports. */
  readonly lastAt: number;
  /** How many are overdue. */
  readonly missed: number;
  readonly status: "HEALTHY" | "UNHEALTHY" | "LOST";
  /** Whether another instance of the agent takes calls. */
  readonly replaced: boolean;
}

/** The health of an instance by its signs of life. */
export function healthReport({ lastAt, missed, status, replaced }: SignsOfLife): HealthReport {
  const healthy = status === "HEALTHY";
  return create(HealthReportSchema, {
    status: HealthStatus[status],
    lastHeartbeat: timestampFromMs(lastAt),
    failureReason: healthy ? FailureReason.UNSPECIFIED : FailureReason.HEARTBEAT_MISSED,
    retryAttempts: healthy ? 0 : missed,
    escalation: status === "LOST" && !replaced ? Escalation.REQUIRED : Escalation.NONE,
  });
}
