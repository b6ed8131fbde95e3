// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, type DescMethodUnary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Appender } from "../broker/appender.ts";
import { maxBatch } from "../broker/atomic-batch.ts";
import { packageOf } from "../broker/proto-token.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { Clock } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { MethodContract } from "../contracts/policy.ts";
import type { MessageHeader } from "../header.ts";
import { newId, payloadDigest } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { type CommandMessage, commandMessage } from "../pipeline/command-message.ts";
import { type CommandRequest, commandRequest, type DispatchOptions } from "../pipeline/command-request.ts";
import type { Observer } from "../pipeline/observation.ts";
import { observeSending } from "../pipeline/observe-sending.ts";
import type { Grants } from "../pipeline/permission.ts";
import { rootTrace, type TraceContext } from "../telemetry/propagation.ts";
import type { CommandDesk } from "./command-desk.ts";
import { notBegun } from "./command-facts.ts";
import type { Statuses } from "./statuses.ts";
import type { Dispatched, DispatchedBatch } from "./stored-command.ts";

/** What is to be run. */
export interface Dispatch<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly init: MessageInitShape<I>;
  readonly options: DispatchOptions;
}

/** What is to be run several times, once with each request. */
export interface DispatchAll<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly inits: readonly MessageInitShape<I>[];
  readonly options: DispatchOptions;
}

/** Who dispatches, and because of what. */
export interface DispatchOrigin {
  readonly source: string;
  readonly cause: { readonly header: MessageHeader; readonly trace: TraceContext } | undefined;
  /** Gives the id of the next message of this name and key; default: a new one. */
  readonly ids?: { next(name: string, key: string): string } | undefined;
  readonly conversationId?: string | undefined;
  /** Ends waiting for results, by default. */
  readonly signal?: AbortSignal | undefined;
}

/** What a dispatcher is made of. */
export interface DispatcherInit {
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly subjects: Subjects;
  readonly appender: Appender;
  readonly grants: Grants;
  readonly observer: Observer | undefined;
  readonly statuses: Statuses;
  readonly desk: CommandDesk;
  /** Sees to it that a proto package has its journal stream: the host may have to do with it only by what it dispatches. */
  readonly ensureDomain: (domain: string) => Promise<void>;
}

/** Dispatches commands: checks them against their contract and appends them to the journal stream of their method's package. */
export class Dispatcher {
  readonly #init: DispatcherInit;

  constructor(init: DispatcherInit) {
    this.#init = init;
  }

  /**
   * Dispatches one command and waits until it is stored. When storing is in doubt (a lost connection) it is repeated under
   * the same id, so a resolved promise means stored once. A repeat under the same idempotency key of the same sender stores
   * nothing and gives the first command, whatever became of it.
   *
   * @throws MeshError CONTRACT_INCOMPLETE when the method has no command policy, UNIMPLEMENTED when it streams,
   *   INVALID_MESSAGE, PERMISSION_DENIED, BROKER_UNAVAILABLE; MESSAGE_ID_REUSED when the idempotency key stands for another
   *   request
   */
  async dispatch<I extends DescMessage, O extends DescMessage>(
    { method, init, options }: Dispatch<I, O>,
    origin: DispatchOrigin,
  ): Promise<Dispatched<O>> {
    const command = commandRequest(this.#init.contracts, method, { init, options });
    await this.#assertPermitted(command.contract, origin.source);
    const earlier = await this.#earlier(command, origin.source);
    if (earlier !== undefined) return this.#init.desk.dispatched({ id: earlier, output: method.output }, origin);
    await this.#init.ensureDomain(packageOf(command.contract.name));
    const made = this.#message(command, origin);
    await this.#store([made]);
    return this.#handle(made, method.output, origin);
  }

  /**
   * Dispatches several commands at once: all of them are stored, or none, and they are listed as one batch. Those that were
   * dispatched before under the same idempotency key are not stored again and keep the batch that they have.
   *
   * @throws MeshError COMMIT_TOO_LARGE for more than a thousand; as {@link dispatch} does
   */
  async dispatchAll<I extends DescMessage, O extends DescMessage>(
    { method, inits, options }: DispatchAll<I, O>,
    origin: DispatchOrigin,
  ): Promise<DispatchedBatch<O>> {
    if (inits.length > maxBatch) throw tooMany(inits.length);
    const { contracts, desk, ensureDomain } = this.#init;
    const id = options.batchId ?? origin.ids?.next("batch", "") ?? newId();
    const requests = inits.map((init) =>
      commandRequest(contracts, method, { init, options: { ...options, batchId: id } }),
    );
    const [first] = requests;
    if (first === undefined) return { id, commands: [] };
    await this.#assertPermitted(first.contract, origin.source);
    await ensureDomain(packageOf(first.contract.name));
    const stored = new Map<string, CommandMessage>();
    const ids: string[] = [];
    const earliers = await Promise.all(requests.map((request) => this.#earlier(request, origin.source)));
    for (const [index, request] of requests.entries()) {
      const earlier = earliers[index];
      const made = earlier === undefined ? this.#message(request, origin) : undefined;
      const key = earlier ?? made?.header.messageId ?? "";
      const twin = stored.get(key);
      if (made !== undefined && twin === undefined) stored.set(key, made);
      if (made !== undefined && twin !== undefined) assertSame(request.contract.name, twin, made);
      ids.push(key);
    }
    await this.#store([...stored.values()]);
    const commands = ids.map((each) => {
      const made = stored.get(each);
      if (made === undefined) return desk.dispatched({ id: each, output: method.output }, origin);
      return this.#handle(made, method.output, origin);
    });
    return { id, commands };
  }

  #message(command: CommandRequest, { source, cause, ids, conversationId }: DispatchOrigin): CommandMessage {
    const { clock, subjects } = this.#init;
    return commandMessage(command, {
      subjects,
      domain: packageOf(command.contract.name),
      source,
      cause: cause?.header,
      trace: cause?.trace ?? rootTrace(),
      now: clock.now(),
      messageId: ids?.next(command.contract.name, command.key ?? ""),
      conversationId,
    });
  }

  async #store(made: readonly CommandMessage[]): Promise<void> {
    const { appender, observer } = this.#init;
    if (made.length === 0) return;
    const stored = appender.appendAll(made.map(({ message }) => message));
    const each = ({ header, span }: CommandMessage) =>
      observeSending({ kind: "dispatched", header, span, observer }, () => stored);
    await Promise.all(made.map(each));
  }

  #handle<O extends DescMessage>(
    { header, message }: CommandMessage,
    output: O,
    origin: DispatchOrigin,
  ): Dispatched<O> {
    const { desk, clock } = this.#init;
    const accepted = notBegun({ header, headers: message.headers, now: clock.now() });
    return desk.dispatched({ id: header.messageId, output, accepted }, origin);
  }

  /** The id of the same command, dispatched before under the same idempotency key. */
  async #earlier({ contract, request, repeatId }: CommandRequest, source: string): Promise<string | undefined> {
    if (repeatId === undefined) return undefined;
    const id = repeatId(source);
    const known = await this.#init.statuses.find(id);
    if (known === undefined) return undefined;
    const { requestDigest } = known.command;
    const digest = payloadDigest(toBinary(contract.desc.input, request));
    if (requestDigest === "" || requestDigest === digest) return id;
    throw otherRequest(contract.name, id);
  }

  async #assertPermitted({ name, permission }: MethodContract, source: string): Promise<void> {
    if (permission === "*" || (await this.#init.grants(source, permission))) return;
    throw new MeshError({
      code: "PERMISSION_DENIED",
      message: `dispatching "${name}" needs permission "${permission}", which "${source}" does not hold`,
    });
  }
}

/** Two of a batch under one idempotency key are one command, where they ask for the same. */
function assertSame(name: string, one: CommandMessage, other: CommandMessage): void {
  if (payloadDigest(one.message.payload) === payloadDigest(other.message.payload)) return;
  throw otherRequest(name, one.header.messageId);
}

function otherRequest(name: string, id: string): MeshError {
  const message = `"${name}" was dispatched with another request under the same idempotency key (command "${id}"); take a new key for a new request`;
  return new MeshError({ code: "MESSAGE_ID_REUSED", message });
}

function tooMany(count: number): MeshError {
  const message = `a batch of ${count} commands cannot be stored together, at most ${maxBatch} can; dispatch them in several with one batchId`;
  return new MeshError({ code: "COMMIT_TOO_LARGE", message });
}
