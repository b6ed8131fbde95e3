// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { context, diag, metrics, propagation, trace } from "@opentelemetry/api";
import { reportSdkTroubles } from "./diagnostics.ts";
import { endpointTroubles } from "./endpoints.ts";
import { registeredInstruments } from "./instruments.ts";
import { logger } from "./logger.ts";
import { attribute } from "./semantic-names.ts";
import { registeredTracer } from "./tracer.ts";

/** Who sends the telemetry. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES overrule it. */
export interface TelemetryInit {
  readonly serviceName: string;
  readonly serviceVersion?: string | undefined;
  /** Default: a new UUID. */
  readonly instanceId?: string | undefined;
}

/** Running telemetry. */
export interface Telemetry {
  /**
   * Sends what is still waiting and stops. Never rejects, and gives up after three seconds; what it gave up may keep a
   * process that does not exit explicitly until OTEL_EXPORTER_OTLP_TIMEOUT (10 s).
   */
  shutdown(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds that the last export may take. */
const flushMs = 3_000;

const notStarted: Telemetry = { shutdown: async () => {} };

/**
 * Sends spans and metrics by OTLP, when OTEL_EXPORTER_OTLP_ENDPOINT is set (or the variable of one signal: then only that
 * one). Otherwise nothing is loaded and nothing is sent; so too when someone else registered an SDK in this process, which
 * ours then reports to. All other OTEL_* variables count as OpenTelemetry defines them, except that OTEL_PROPAGATORS does
 * not change what the mesh writes on its wire. Call it before anything else of the mesh.
 */
export async function startTelemetry(init: TelemetryInit): Promise<Telemetry> {
  const wanted = wantedSignals(process.env);
  if (!wanted.traces && !wanted.metrics) return notStarted;
  if (registeredTracer() !== undefined || registeredInstruments() !== undefined) return notStarted;
  for (const trouble of endpointTroubles(process.env)) logger.warn(trouble);
  const { startNodeSdk } = await import("@opentelemetry/sdk-node");
  const ownServiceName = process.env["OTEL_SERVICE_NAME"];
  const sdk = startNodeSdk({
    // Its default writes to the console.
    logLevel: process.env["OTEL_LOG_LEVEL"] ?? "none",
    // In place of the default detectors, which send the whole command line.
    resourceDetectors: [{ detect: () => ({ attributes: describe(init) }) }],
    ...(ownServiceName ? { resourceAttributes: { [attribute.serviceName]: ownServiceName } } : {}),
    logRecordProcessors: [],
    ...(wanted.traces ? {} : { spanProcessors: [] }),
    ...(wanted.metrics ? {} : { metricReaders: [] }),
  });
  if (process.env["OTEL_LOG_LEVEL"] === undefined) reportSdkTroubles(logger);
  let stopped: Promise<void> | undefined;
  return {
    shutdown() {
      stopped ??= shutdown(sdk);
      return stopped;
    },
  };
}

function wantedSignals(environment: Environment): { readonly traces: boolean; readonly metrics: boolean } {
  if (environment["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return { traces: false, metrics: false };
  const all = environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return {
    traces: Boolean(all || environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]),
    metrics: Boolean(all || environment["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]),
  };
}

function describe({ serviceName, serviceVersion, instanceId = randomUUID() }: TelemetryInit): Record<string, string> {
  return {
    [attribute.serviceName]: serviceName,
    [attribute.serviceInstance]: instanceId,
    ...(serviceVersion === undefined ? {} : { [attribute.serviceVersion]: serviceVersion }),
  };
}

async function shutdown(sdk: Telemetry): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, flushMs);
  });
  try {
    await Promise.race([sdk.shutdown(), patience]);
  } catch (error) {
    diag.error(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
    // A stopped SDK that stays registered would be given spans for ever, and keep a next one out.
    for (const api of [trace, metrics, context, propagation]) api.disable();
  }
}
