// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// For doors of the mesh outside of this package, such as the gateway; agents need none of it.

export type { Directory } from "../directory/directory.ts";
export { headerFor } from "../header.ts";
export { derivedId } from "../ids.ts";
export type { Outgoing } from "../pipeline/outgoing.ts";
export { isStream, type Next, type Reply } from "../pipeline/step.ts";
export { type Logger, logger } from "../telemetry/logger.ts";
export type { OpenSpan } from "../telemetry/open-span.ts";
export { extract, traceIdOf } from "../telemetry/propagation.ts";
export { startServeSpan } from "../telemetry/tracing.ts";
export { toConnectError } from "./connect-error.ts";
export { endedBy } from "./ended-by.ts";
export { explained } from "./explained.ts";
export { mountHealth } from "./health.ts";
export { HealthBoard, type HealthStatus } from "./health-board.ts";
export { callLimits, edgeJsonOptions, type PortLimits, portLimits } from "./limits.ts";
export { openPort, type Port, type PortOptions } from "./port.ts";
export { mountReflection } from "./reflection.ts";
export type { Request, RequestHandler, Response } from "./request-handler.ts";
export { completeErrors, transportError } from "./transport-errors.ts";
export { unserved } from "./unserved.ts";
