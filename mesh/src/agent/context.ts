// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "../calls/client.ts";
import type { Clock } from "../clock.ts";
import type { Dispatched, DispatchedBatch, StoredCommand } from "../commands/stored-command.ts";
import type { AgentFinder } from "../directory/agent-filter.ts";
import type { MessageHeader } from "../header.ts";
import type { JournalKey } from "../journal/define-journal.ts";
import type { Entries, Keys, Outbox, Sync } from "../journal/entry.ts";
import type { DispatchOptions } from "../pipeline/command-request.ts";
import type { Projection } from "../projection/define-projection.ts";
import type { Logger } from "../telemetry/logger.ts";

/** What a handler gets beside the message: who asks, how long it may take, and how to reach others. */
export interface Context {
  /** Name of the agent whose handler this is. */
  readonly agent: string;
  readonly header: MessageHeader;
  /** Short for `header.messageId`. */
  readonly messageId: string;
  /** Same for every repeat of the same request: the field that the contract names, else the message id. */
  readonly idempotencyKey: string;
  /** Aborts when the handler's time is over or its caller gave up. */
  readonly signal: AbortSignal;
  /** The mesh's clock: contract time, set by hand in tests. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who is there to be asked: `ctx.directory.find({ capability: "sms" })`. */
  readonly directory: AgentFinder;
  /** Calls another agent, because of this message: same flow, same trace, and no longer than this handler may take. */
  client<S extends DescService>(service: S): Client<S>;
  /**
   * Publishes an event because of this message and waits until it is stored. In a hearer, and in a method that runs as a
   * command, its id follows from the message: handling it again publishes nothing twice, and publishing something else under
   * that id is MESSAGE_ID_REUSED. In a served method each call publishes anew.
   */
  publish<D extends DescMessage>(event: D, init: MessageInitShape<D>): Promise<void>;
  /**
   * Has a method run as a durable command because of this message, and waits until the command is stored: the handler that
   * serves calls of the method runs it, by one instance, at least once, however long that takes. In a hearer and in a command
   * its id follows from the message, as an event's does. Dispatched again under the same idempotency key of the contract it is
   * the same command.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when the method has no command policy, INVALID_MESSAGE, PERMISSION_DENIED
   */
  dispatch<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    options?: DispatchOptions,
  ): Promise<Dispatched<O>>;
  /**
   * Dispatches several commands of a method, at most a thousand: all of them are stored, or none. They are listed as one batch.
   *
   * @throws MeshError COMMIT_TOO_LARGE; as {@link dispatch} does
   */
  dispatchAll<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    inits: readonly MessageInitShape<I>[],
    options?: DispatchOptions,
  ): Promise<DispatchedBatch<O>>;
  /** A command by its id, to ask how far it is or to take it back. Nothing is asked yet. */
  command(id: string): StoredCommand;
  /** The same with its method, so that its reply can be waited for. */
  command<I extends DescMessage, O extends DescMessage>(id: string, method: DescMethodUnary<I, O>): Dispatched<O>;
  /**
   * Makes one request to an outside system, bounded by the timeout and the breaker that a service of this agent gives to it
   * in its contract. While the breaker is open the request is not made: a call fails with the time after which a repeat makes
   * sense; a command, or an event, is not tried before that time, which costs it no attempt, and no more are pulled.
   *
   * The request must end when its signal aborts. What it throws comes out as it is.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when no service of the agent names the system, BREAKER_OPEN, DEADLINE_EXCEEDED
   */
  outside<T>(name: string, request: (signal: AbortSignal) => Promise<T> | T): Promise<T>;
  /** The state of a key of a journal. May be behind by what was stored within the last moments; a commit never is. */
  load<S, E extends DescMessage>(key: JournalKey<S, E>): Promise<S>;
  /**
   * Decides over keys of one domain and stores what was decided, all of it or nothing: events of the keys, announcements, and
   * that this message was handled, with the reply. `decide` must be synchronous, pure and quick: when another process was
   * faster it runs again on the newer state, and when the same message comes again it does not run at all: the stored reply
   * is given.
   *
   * @throws MeshError CONFLICT after many lost rounds, COMMIT_INVALID, COMMIT_TOO_LARGE, STORAGE_FULL: nothing is stored
   */
  commit<K extends Keys, T>(keys: K, decide: (entries: Entries<K>, outbox: Outbox) => Sync<T>): Promise<T>;
  /**
   * The state of a projection that the agent names. Not to be changed. May be behind by what was stored within the last
   * moments; {@link caughtUp} waits for that.
   *
   * @throws MeshError PROJECTION_BROKEN when it stands still
   */
  view<S>(projection: Projection<S>): S;
  /**
   * Resolves when a projection has seen all that this handler has committed so far: read your writes. `"all"`: whatever
   * anybody had stored before this was asked, so also all that led to the message that is handled; costs a question to the broker.
   * What is published gets into EVENTS, and so into a projection of events, a moment after it was stored.
   */
  caughtUp<S>(projection: Projection<S>, what?: "own" | "all"): Promise<void>;
}
