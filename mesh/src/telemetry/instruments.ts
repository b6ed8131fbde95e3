// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type Counter,
  createNoopMeter,
  type Gauge,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type UpDownCounter,
} from "@opentelemetry/api";
import { addProcessGauges } from "./process-gauges.ts";
import { addQueueGauges } from "./queue-gauges.ts";
import { metric, ownMetric } from "./semantic-names.ts";
import { scopeName } from "./tracer.ts";

/** What the mesh measures with. */
export interface Instruments {
  readonly callDuration: Histogram;
  readonly serveDuration: Histogram;
  readonly messagingDuration: Histogram;
  readonly processDuration: Histogram;
  readonly latency: Histogram;
  readonly sent: Counter;
  readonly consumed: Counter;
  readonly errors: Counter;
  readonly retries: Counter;
  readonly refusedRetries: Counter;
  readonly fallbacks: Counter;
  readonly deadLetters: Counter;
  readonly orderViolations: Counter;
  readonly breakerState: Gauge;
  readonly commitDuration: Histogram;
  readonly commitConflicts: Counter;
  readonly commitMarks: Counter;
  readonly sagaEnds: Counter;
  readonly leftBehind: UpDownCounter;
}

/** Bounds that the conventions ask for, in seconds. */
const explicitBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

let known: MeterProvider | undefined;
let instruments: Instruments | undefined;

/**
 * The instruments of the SDK that is registered in this process, by us or by anyone; undefined when there is none. Asked
 * for each measurement, because instruments made before an SDK is registered stay mute for ever.
 */
export function registeredInstruments(): Instruments | undefined {
  const provider = metrics.getMeterProvider();
  if (provider !== known) {
    known = provider;
    const meter = provider.getMeter(scopeName);
    instruments = meter === createNoopMeter() ? undefined : createInstruments(meter);
  }
  return instruments;
}

function createInstruments(meter: Meter): Instruments {
  const seconds = (name: string, description: string) =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries } });
  const count = (name: string, unit: string, description: string) => meter.createCounter(name, { description, unit });
  addProcessGauges(meter);
  addQueueGauges(meter);
  return {
    callDuration: seconds(metric.callDuration, "Calls by this process, with their retries"),
    serveDuration: seconds(metric.serveDuration, "Calls served by this process"),
    messagingDuration: seconds(metric.messagingDuration, "Publishing a message until it is stored"),
    processDuration: seconds(metric.processDuration, "One try of a handler of a message"),
    latency: seconds(ownMetric.latency, "From sending a message to its first try"),
    sent: count(metric.sent, "{message}", "Messages that were to be stored"),
    consumed: count(metric.consumed, "{message}", "Tries of handlers of messages"),
    errors: count(ownMetric.errors, "{error}", "Failed calls and messages, by the side that saw it"),
    retries: count(ownMetric.retries, "{retry}", "Further tries of calls and messages"),
    refusedRetries: count(
      ownMetric.refusedRetries,
      "{retry}",
      "Retries of calls that were not made, for there were too many",
    ),
    fallbacks: count(ownMetric.fallbacks, "{message}", "Calls and commands that another method took over"),
    deadLetters: count(ownMetric.deadLetters, "{message}", "Messages given up after their last try"),
    orderViolations: count(
      ownMetric.orderViolations,
      "{message}",
      "Messages of ordered hearers that began after a later one of their key in the same process",
    ),
    commitDuration: seconds(ownMetric.commitDuration, "Commits, with waiting for their key and all their rounds"),
    commitConflicts: count(ownMetric.commitConflicts, "{round}", "Rounds that commits lost against other processes"),
    commitMarks: count(
      ownMetric.commitMarks,
      "{mark}",
      "Marks stored by commits without state, alive for eight days or more",
    ),
    sagaEnds: count(ownMetric.sagaEnds, "{saga}", "Sagas that are over, and those that need attention, by status"),
    leftBehind: meter.createUpDownCounter(ownMetric.leftBehind, {
      description: "Handlers that go on although their time is over, for they ignore their signal",
      unit: "{handler}",
    }),
    breakerState: meter.createGauge(ownMetric.breakerState, {
      description: "0 closed, 1 half open, 2 open",
      unit: "1",
    }),
  };
}
