// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { Caller, Cause } from "../calls/caller.ts";
import { createClient } from "../calls/client.ts";
import type { Clock } from "../clock.ts";
import type { CommandDesk } from "../commands/command-desk.ts";
import type { Dispatcher } from "../commands/dispatcher.ts";
import type { FieldPath } from "../contracts/field-path.ts";
import type { AgentFinder } from "../directory/agent-filter.ts";
import type { MessageIds, Publisher } from "../events/publisher.ts";
import { derivedId, payloadDigest } from "../ids.ts";
import type { CommitTicket } from "../journal/commit-ticket.ts";
import type { Journals } from "../journal/journals.ts";
import { stepGuardOf } from "../journal/step-mark.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { Projections } from "../projection/projections.ts";
import { logger } from "../telemetry/logger.ts";
import { commandsOf } from "./commands-of.ts";
import type { Context } from "./context.ts";
import type { HeldPermissions } from "./grants.ts";
import type { OutsideSystems } from "./outside-systems.ts";

/** What every context of a host is made with. */
export interface Voice {
  readonly clock: Clock;
  readonly caller: Caller;
  readonly publisher: Publisher;
  readonly dispatcher: Dispatcher;
  readonly desk: CommandDesk;
  readonly journals: Journals;
  readonly projections: Projections;
  readonly held: HeldPermissions;
  readonly outside: OutsideSystems;
  readonly directory: AgentFinder;
}

/** What differs between messages. */
export interface ContextInit {
  readonly incoming: Incoming;
  readonly idempotencyKey: FieldPath | undefined;
  /** Ids of what the handler publishes and dispatches; unset: new ones. */
  readonly ids: MessageIds | undefined;
}

/** The context of one run of a handler. */
export function createContext(voice: Voice, { incoming, idempotencyKey, ids }: ContextInit): Context {
  const { header, operation, trace, signal = new AbortController().signal } = incoming;
  const startedAt = voice.clock.now();
  const allowedMs = Math.min(operation.timeoutMs, incoming.remainingMs ?? operation.timeoutMs);
  const source = operation.agent;
  const cause: Cause = {
    header,
    trace,
    signal,
    remainingMs: () => startedAt + allowedMs - voice.clock.now(),
  };
  const givenKey = idempotencyKey?.read(incoming.message) ?? "";
  let commits = 0;
  const tickets: CommitTicket[] = [];
  return {
    agent: source,
    header,
    messageId: header.messageId,
    idempotencyKey: givenKey || header.messageId,
    signal,
    clock: voice.clock,
    directory: voice.directory,
    get logger() {
      return logger.child({
        agent_id: source,
        operation: operation.name,
        correlation_id: header.correlationId,
      });
    },
    client: (service) =>
      createClient(service, (method, request, options) =>
        voice.caller.call(method, request, { source, cause, options }),
      ),
    async publish(event, init) {
      await voice.publisher.publish(event, init, { source, cause, ids });
    },
    dispatch: (method, init, options = {}) =>
      voice.dispatcher.dispatch({ method, init, options }, { source, cause, ids, signal }),
    dispatchAll: (method, inits, options = {}) =>
      voice.dispatcher.dispatchAll({ method, inits, options }, { source, cause, ids, signal }),
    command: commandsOf(voice.desk, { source, signal }),
    outside: (name, request) => voice.outside.run({ operation, name, signal, request }),
    load: (key) => voice.journals.load(key),
    view: (projection) => voice.projections.view(projection),
    async caughtUp(projection, what = "own") {
      if (what === "all") return voice.projections.caughtUpWithAll(projection, signal);
      for (const ticket of tickets) await voice.projections.caughtUp(projection, ticket, signal);
    },
    commit: (keys, decide) =>
      voice.journals.commit(keys, decide, {
        source,
        cause: header,
        trace,
        signal,
        causeId: derivedId(...causeOf(incoming, givenKey), ++commits),
        // That a step was undone is kept even when there was nothing to undo.
        isKept: givenKey !== "" || header.undoes !== undefined,
        step: stepGuardOf(header, commits === 1),
        request: givenKey === "" ? undefined : payloadDigest(toBinary(operation.input, incoming.message)),
        // What is delivered may always come again, even as if for the first time, after a redrive.
        mayRepeat: operation.kind !== "call" || givenKey !== "" || header.attempt > 1,
        domain: operation.input.file.proto.package,
        assertMayPublish: (contract) => voice.held.assertMayPublish(source, contract),
        assertMayDispatch: (contract) => voice.held.assertMayDispatch(source, contract),
        onStored: (ticket) => tickets.push(ticket),
      }),
  };
}

/**
 * What makes a message the same as an earlier one: the idempotency key that its sender gave for this method, else its id.
 * Hearers of one event are told apart; instances of one agent are not.
 */
function causeOf({ operation, header }: Incoming, givenKey: string): readonly string[] {
  const { kind, name, agent, handler } = operation;
  if (givenKey !== "") return ["key", name, header.sourceAgentId, givenKey];
  return [kind, agent, handler, name, header.messageId];
}

/** A handler's plain object as a message of its declared type. */
export function asMessage<D extends DescMessage>(type: D, init: unknown): MessageShape<D> {
  return create(type, init as Parameters<typeof create<D>>[1]);
}
