// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

/**
 * Attribute names on spans and metrics. The OpenTelemetry ones are written out, because loading the package that lists
 * them costs more start-up time than all of them are worth; a test compares each with it.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 */
export const attribute = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.status_code",
  serverAddress: "server.address",
  serverPort: "server.port",
  errorType: "error.type",
  messagingSystem: "messaging.system.name",
  messagingOperation: "messaging.operation.name",
  messagingOperationType: "messaging.operation.type",
  messagingDestination: "messaging.destination.name",
  messagingDestinationTemplate: "messaging.destination.template",
  messagingConsumerGroup: "messaging.consumer.group.name",
  messagingMessageId: "messaging.message.id",
  messagingConversationId: "messaging.message.conversation_id",
  serviceName: "service.name",
  serviceVersion: "service.version",
  serviceInstance: "service.instance.id",
  cpuMode: "cpu.mode",
} as const;

/** Attribute names for what OpenTelemetry has no name. */
export const ownAttribute = {
  /** Where an operation was observed: call, serve, send, process. */
  side: "parley.side",
  /** Method or event type. */
  operation: "parley.operation",
  messageId: "parley.message.id",
  correlationId: "parley.correlation.id",
  conversationId: "parley.conversation.id",
  source: "parley.source",
  target: "parley.target",
  agent: "parley.agent",
  hearer: "parley.hearer",
  /** Full name of a service that names an outside system. */
  service: "parley.service",
  /** Outside system, as its contract names it. */
  outside: "parley.outside",
  attempt: "parley.attempt",
  /** How a call reached its handler: local, http. */
  door: "parley.door",
  /** Code of a MeshError, finer than `error.type` of calls. */
  errorCode: "parley.error.code",
  errorClass: "parley.error.class",
  /** Method that took over. */
  fallback: "parley.fallback",
  delayMs: "parley.retry.delay_ms",
  saga: "parley.saga",
  /** COMPLETED, COMPENSATED, NEEDS_ATTENTION, RESOLVED. */
  sagaStatus: "parley.saga.status",
} as const;

/** Metric names of OpenTelemetry. */
export const metric = {
  callDuration: "rpc.client.call.duration",
  serveDuration: "rpc.server.call.duration",
  messagingDuration: "messaging.client.operation.duration",
  sent: "messaging.client.sent.messages",
  consumed: "messaging.client.consumed.messages",
  processDuration: "messaging.process.duration",
  cpuTime: "process.cpu.time",
  memoryUsage: "process.memory.usage",
  eventLoopUtilization: "nodejs.eventloop.utilization",
} as const;

/** Metric names for what OpenTelemetry has no name. */
export const ownMetric = {
  latency: "parley.message.latency",
  errors: "parley.communication.errors",
  retries: "parley.retries",
  refusedRetries: "parley.retries.refused",
  fallbacks: "parley.fallbacks",
  deadLetters: "parley.dead_letters",
  orderViolations: "parley.order.violations",
  deadLettersWaiting: "parley.dead_letters.waiting",
  breakerState: "parley.breaker.state",
  commitDuration: "parley.commit.duration",
  commitConflicts: "parley.commit.conflicts",
  commitMarks: "parley.commit.marks",
  sagaEnds: "parley.saga.ends",
  leftBehind: "parley.handlers.left_behind",
  queueDepth: "parley.queue.depth",
  queueInFlight: "parley.queue.in_flight",
} as const;

/** Value of `rpc.system.name`: methods, codes and time limits are Connect's, at every door. */
export const rpcSystem = "connectrpc";

/** Value of `messaging.system.name`; NATS is not in OpenTelemetry's list yet. */
export const messagingSystem = "nats";
