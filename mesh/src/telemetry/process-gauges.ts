// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";
import { attribute, metric } from "./semantic-names.ts";

/** Tells with each export what the process uses. What it sends and gets over the network no portable call says. */
export function addProcessGauges(meter: Meter): void {
  const cpu = meter.createObservableCounter(metric.cpuTime, {
    description: "Processor time of the process",
    unit: "s",
  });
  const memory = meter.createObservableUpDownCounter(metric.memoryUsage, {
    description: "Physical memory of the process",
    unit: "By",
  });
  const loop = meter.createObservableGauge(metric.eventLoopUtilization, {
    description: "Share of the time in which the event loop was busy, since the last export",
    unit: "1",
  });
  let before = performance.eventLoopUtilization();
  meter.addBatchObservableCallback(
    (result) => {
      const { user, system } = process.cpuUsage();
      result.observe(cpu, user / 1_000_000, { [attribute.cpuMode]: "user" });
      result.observe(cpu, system / 1_000_000, { [attribute.cpuMode]: "system" });
      result.observe(memory, process.memoryUsage.rss());
      const now = performance.eventLoopUtilization();
      result.observe(loop, performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
    [cpu, memory, loop],
  );
}
