// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

export { assertFits } from "./agent/agent-origin.ts";
export { byCommit } from "./agent/by-commit.ts";
export type { Context } from "./agent/context.ts";
export { type Agent, type AgentInit, type AgentSkill, type AgentTool, defineAgent } from "./agent/define-agent.ts";
export { type Fallback, type FallbackMap, fallback } from "./agent/fallback.ts";
export { host } from "./agent/host.ts";
export type { Host, HostOptions, SpeakOptions } from "./agent/host-options.ts";
export { type Heard, type HearerOptions, on } from "./agent/on.ts";
export { type CommitHearerOptions, onCommit } from "./agent/on-commit.ts";
export { type Implementation, type Served, serve } from "./agent/serve.ts";
export type { CallOptions, Client } from "./calls/client.ts";
export { type Clock, sleep, systemClock } from "./clock.ts";
export type { CommandState, CommandStatus } from "./commands/command-status.ts";
export type { Dispatched, DispatchedBatch, ResultOptions, StoredCommand } from "./commands/stored-command.ts";
export type { AgentFilter, AgentFinder, AgentRole } from "./directory/agent-filter.ts";
export type { Directory } from "./directory/directory.ts";
export { type ErrorClass, type ErrorCode, errorCodes } from "./error-codes.ts";
export type { MessageHeader, Priority } from "./header.ts";
export type { CommitTicket } from "./journal/commit-ticket.ts";
export { defineJournal, type Journal, type JournalInit, type JournalKey } from "./journal/define-journal.ts";
export type { Entries, Entry, Keys, Outbox } from "./journal/entry.ts";
export { MeshError, type MeshErrorInit, notRun, type Violation } from "./mesh-error.ts";
export type { DispatchOptions } from "./pipeline/command-request.ts";
export type { Observation, Observer } from "./pipeline/observation.ts";
export { defineProjection, type EventPlace, type Projection } from "./projection/define-projection.ts";
export type { ProjectionStatus } from "./projection/running-projection.ts";
export { defineSaga, type SagaDefinition, type SagaInit } from "./sagas/define-saga.ts";
export type { Saga, StepOptions, WaitOptions } from "./sagas/saga.ts";
export { type Undo, undo } from "./sagas/undo.ts";
