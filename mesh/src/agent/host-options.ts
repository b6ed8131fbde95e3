// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, DescMethodUnary, DescService, MessageInitShape } from "@bufbuild/protobuf";
import type { AgentProfile } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Broker } from "../broker/connection.ts";
import type { Traffic } from "../broker/traffic.ts";
import type { Client } from "../calls/client.ts";
import type { Clock } from "../clock.ts";
import type { CommandDesk } from "../commands/command-desk.ts";
import type { Dispatcher } from "../commands/dispatcher.ts";
import type { Dispatched, DispatchedBatch, StoredCommand } from "../commands/stored-command.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { ContractStore } from "../directory/contract-store.ts";
import type { Directory } from "../directory/directory.ts";
import type { Registration } from "../directory/registration.ts";
import type { Publisher } from "../events/publisher.ts";
import type { MessageHeader } from "../header.ts";
import type { JournalKey } from "../journal/define-journal.ts";
import type { MaintenanceBoard } from "../maintenance/maintenance-board.ts";
import type { Overlays } from "../overlay/overlays.ts";
import type { DispatchOptions } from "../pipeline/command-request.ts";
import type { Observer } from "../pipeline/observation.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import type { Next } from "../pipeline/step.ts";
import type { Projections } from "../projection/projections.ts";
import type { SagaDesk } from "../sagas/saga-desk.ts";
import type { Agent } from "./define-agent.ts";
import type { Heartbeat } from "./heartbeat.ts";

/** How agents are hosted. */
export interface HostOptions {
  readonly agents: readonly Agent[];
  /** Broker address; default: `PARLEY_NATS_URL`, else `nats://127.0.0.1:4222`. */
  readonly broker?: string | undefined;
  /** Mesh within the broker; default `parley`. Meshes of different namespaces do not meet. */
  readonly namespace?: string | undefined;
  /** Address to listen on; default 127.0.0.1, so nobody outside this machine gets in. */
  readonly address?: string | undefined;
  /**
   * Address by which other hosts reach this one, e.g. `http://10.0.0.7:8080`; behind a proxy, the proxy's. Default: the one
   * that is listened on; of "0.0.0.0" or "::" this machine's first address that is not loopback, so say which where it has
   * several.
   */
  readonly advertise?: string | undefined;
  /** Default: a free one. */
  readonly port?: number | undefined;
  /**
   * Share of calls that its agents get where a contract asks for weighted balancing, 1 to 1000; default 1. Twice as much for
   * a machine that is twice as strong.
   */
  readonly weight?: number | undefined;
  /** How often it shows a sign of life, and how long others wait for one. The TTL is fixed when the mesh is first made. */
  readonly heartbeat?: Heartbeat | undefined;
  /** Replicas of each stream; default 1. Fixed when a stream is first made. */
  readonly replicas?: number | undefined;
  /** Default: the machine's. Governs contract time only. */
  readonly clock?: Clock | undefined;
  /** Default: Math.random; for jitter. */
  readonly random?: (() => number) | undefined;
  /**
   * Milliseconds; an event or command whose retry waits longer lies at the broker meanwhile, not in memory, and so does one
   * that is retried when the host drains. Default 5 000. Where the clock is not the machine's everything waits in memory.
   */
  readonly parkOverMs?: number | undefined;
  /**
   * Handlers of events and commands that run at once in this process; an eighth is reserved for each priority. Default: 256.
   */
  readonly maxHandlers?: number | undefined;
  /** Real milliseconds after which it is looked for sagas that nobody has woken, by one instance of an agent; default 60 000. */
  readonly sagaSweepMs?: number | undefined;
  /** Is told of all that is said and heard. */
  readonly observer?: Observer | undefined;
  /** Is told what is on its way between this host and its broker; for whoever waits until nothing is. */
  readonly traffic?: Traffic | undefined;
  /** Milliseconds that draining waits for what is in progress; default 10 000. */
  readonly drainMs?: number | undefined;
}

/** How something is sent from outside of a handler. */
export interface SpeakOptions {
  /** Agent in whose name; default: the host's first agent. */
  readonly source?: string | undefined;
  /** Conversation it belongs to. */
  readonly conversationId?: string | undefined;
}

/** Running agents. Disposing of it drains: what is in progress ends first. */
export interface Host extends AsyncDisposable {
  /** Where its agents are called, e.g. `http://127.0.0.1:41233`. */
  readonly url: string;
  /** Id of this instance in the directory. */
  readonly instance: string;
  readonly namespace: string;
  readonly contracts: Contracts;
  /** Who is in the mesh; `find` looks for who can do something. */
  readonly directory: Directory;
  /** Aborts when the host begins to drain: whatever would go on for ever ends then. */
  readonly closing: AbortSignal;
  /** Which maintenances are underway; for parts of the mesh itself. */
  readonly maintenance: MaintenanceBoard;
  /** What holds for methods instead of their contracts for a while; for parts of the mesh itself. */
  readonly overlays: Overlays;
  /** Contracts of all instances in the mesh, not of this host alone. */
  readonly contractStore: ContractStore;
  /** The host's connection; for parts of the mesh itself, agents have no use for it. */
  readonly broker: Broker;
  readonly clock: Clock;
  /** Events that are being handled or settled here at this moment; those that wait for a retry do not count. */
  readonly moving: number;
  /** Durables that this host pulls nothing from at the moment: a breaker is open, or it is being maintained. */
  readonly heldBack: readonly string[];
  /** The client pipeline down to the wire; for doors of the mesh that call by descriptors of others, agents use `client`. */
  readonly send: Next<Outgoing>;
  /**
   * Publishes events of contracts that are not this host's own, such as an operator's by hand; agents use `publish`. The
   * streams of their packages must be there.
   */
  publisherOf(contracts: Contracts): Publisher;
  /** Calls a service from outside of a handler: begins a flow. */
  client<S extends DescService>(service: S, options?: SpeakOptions): Client<S>;
  /** Publishes an event from outside of a handler. Resolves when it is stored. */
  publish<D extends DescMessage>(event: D, init: MessageInitShape<D>, options?: SpeakOptions): Promise<MessageHeader>;
  /** Dispatches a command from outside of a handler. Resolves when it is stored. */
  dispatch<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    options?: DispatchOptions & SpeakOptions,
  ): Promise<Dispatched<O>>;
  /** Dispatches several commands of a method from outside of a handler: all of them are stored, or none. */
  dispatchAll<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    inits: readonly MessageInitShape<I>[],
    options?: DispatchOptions & SpeakOptions,
  ): Promise<DispatchedBatch<O>>;
  /** A command by its id, asked for by no agent: of whomever it is. */
  command(id: string): StoredCommand;
  /** The same with its method, so that its reply can be waited for. */
  command<I extends DescMessage, O extends DescMessage>(id: string, method: DescMethodUnary<I, O>): Dispatched<O>;
  /** Stored commands of the whole mesh; for parts of the mesh itself, agents use `command`. */
  readonly commandDesk: CommandDesk;
  /** Dispatches by contracts that are not this host's own, such as an operator's by hand; agents use `dispatch`. */
  dispatcherOf(contracts: Contracts): Dispatcher;
  /** The state of a key, as a handler would load it. */
  load<S, E extends DescMessage>(key: JournalKey<S, E>): Promise<S>;
  /** The read models of its agents. */
  readonly projections: Projections;
  /** Enters another instance into the directory and keeps it there; for registrars. Whoever asks for it ends it. */
  register(profile: AgentProfile): Promise<Registration>;
  /** Sagas of all agents in the mesh, for whoever looks into them. */
  readonly sagas: SagaDesk;
  /** Stops taking work, finishes what is in progress, leaves the directory and closes. Safe to call again. */
  drain(): Promise<void>;
}
