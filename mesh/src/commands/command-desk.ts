// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import type { Subjects } from "../broker/subjects.ts";
import { underWay } from "../broker/traffic.ts";
import { type Clock, sleep } from "../clock.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { errorFromDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";
import type { Grants } from "../pipeline/permission.ts";
import { cancelCommand } from "./cancel-command.ts";
import { statusOf } from "./command-status.ts";
import { followCommand } from "./follow-command.ts";
import { type CommandPage, type CommandQuery, listCommands } from "./list-commands.ts";
import type { Known, Statuses } from "./statuses.ts";
import type { Dispatched, ResultOptions, StoredCommand } from "./stored-command.ts";

/** Real milliseconds that a command which nobody knows may take to appear: it may just have been stored. */
const appearsWithinMs = 1_000;
const lookEveryMs = 100;

/** What a desk is made of. */
export interface CommandDeskInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly statuses: Statuses;
  readonly contracts: Contracts;
  readonly grants: Grants;
}

/** In whose name a command is asked for. */
export interface Asking {
  /** Agent; unset: an operator, who may see and take back all. */
  readonly source?: string | undefined;
  /** Who takes it back, for the record; default: the agent, or the operator. */
  readonly by?: string | undefined;
  /** Ends waiting, by default. */
  readonly signal?: AbortSignal | undefined;
}

/** Where stored commands are asked for, waited for and taken back. */
export class CommandDesk {
  readonly #init: CommandDeskInit;

  constructor(init: CommandDeskInit) {
    this.#init = init;
  }

  /** A command by its id. */
  command(id: string, asking: Asking): StoredCommand {
    const look = () => this.#look(id, asking);
    return {
      id,
      status: async () => statusOf((await look()).command),
      cancel: async () => statusOf(await this.cancel(id, asking)),
    };
  }

  /** A command whose method is known. @param accepted what it was dispatched as; unset: it was not dispatched here */
  dispatched<O extends DescMessage>(
    command: { readonly id: string; readonly output: O; readonly accepted?: Command | undefined },
    asking: Asking,
  ): Dispatched<O> {
    const { id, output, accepted } = command;
    const { statuses } = this.#init;
    const look = () => this.#look(id, asking, accepted);
    // Who dispatched it knows what it was: whether it has ended stands in its status alone.
    const notBegun = accepted && { command: accepted, revision: 0 };
    const lookForEnd = async () => (notBegun === undefined ? look() : ((await statuses.read(id)) ?? notBegun));
    return {
      id,
      status: async () => statusOf((await look()).command),
      cancel: async () => statusOf(await this.#cancel(asking, look)),
      result: (options = {}) => this.#result(output, { id, asking, look: lookForEnd }, options),
    };
  }

  /** The whole of what is stored of a command. */
  async stored(id: string, asking: Asking): Promise<Command> {
    return (await this.#look(id, asking)).command;
  }

  /** Takes a command back, and gives it as it is then. Throws as {@link StoredCommand.cancel} does. */
  cancel(id: string, asking: Asking): Promise<Command> {
    return this.#cancel(asking, () => this.#look(id, asking));
  }

  /** A command now and after each change, until it has ended. */
  follow(id: string, asking: Asking): AsyncGenerator<Command> {
    const { broker, subjects } = this.#init;
    return followCommand({ broker, subjects, id, look: () => this.#look(id, asking), signal: asking.signal });
  }

  /** Commands by agent, method, batch, state and time, a page at a time. Throws as {@link listCommands} does. */
  list(query: CommandQuery): Promise<CommandPage> {
    return listCommands(this.#init, query);
  }

  #cancel(asking: Asking, look: () => Promise<Known>): Promise<Command> {
    return cancelCommand(this.#init, asking.by ?? asking.source ?? "operator", look);
  }

  async #look(id: string, { source }: Asking, accepted?: Command): Promise<Known> {
    const deadline = performance.now() + appearsWithinMs;
    for (;;) {
      const known = await this.#init.statuses.find(id);
      if (known !== undefined) {
        await this.#assertMayAsk(known.command, source);
        return known;
      }
      if (accepted !== undefined) return { command: accepted, revision: 0 };
      if (performance.now() > deadline) throw unknown(id);
      await underWay(this.#init.broker, id, delay(lookEveryMs));
    }
  }

  async #assertMayAsk(command: Command, source: string | undefined): Promise<void> {
    if (source === undefined || source === command.source || source === command.agent) return;
    const permission = this.#init.contracts.methodNamed(command.method)?.permission;
    if (permission === "*") return;
    if (permission !== undefined && (await this.#init.grants(source, permission))) return;
    const message = `command "${command.id}" of "${command.method}" was dispatched by "${command.source}"; "${source}" may not ask for it`;
    throw new MeshError({ code: "PERMISSION_DENIED", message });
  }

  async #result<O extends DescMessage>(
    output: O,
    waiting: { readonly id: string; readonly asking: Asking; readonly look: () => Promise<Known> },
    { timeoutMs, signal }: ResultOptions,
  ): Promise<MessageShape<O>> {
    const { broker, subjects, clock } = this.#init;
    const { id, asking, look } = waiting;
    using ends = endOf({ clock, timeoutMs, id, signals: [asking.signal, signal] });
    let last: Command | undefined;
    for await (const seen of followCommand({ broker, subjects, id, look, signal: ends.signal })) last = seen;
    if (last === undefined) throw unknown(id);
    return replyOf(last, output);
  }
}

interface WaitInit {
  readonly clock: Clock;
  readonly timeoutMs: number | undefined;
  readonly id: string;
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** A signal that aborts when waiting is over, for whatever reason; dispose of it when it is not needed any more. */
function endOf({ clock, timeoutMs, id, signals }: WaitInit): Disposable & { readonly signal: AbortSignal } {
  const end = new AbortController();
  const stops = signals.map((signal) => {
    const pass = () => end.abort(signal?.reason);
    if (signal?.aborted) pass();
    signal?.addEventListener("abort", pass, { once: true });
    return () => signal?.removeEventListener("abort", pass);
  });
  if (timeoutMs !== undefined) {
    const message = `command "${id}" did not end within ${timeoutMs} ms; it goes on`;
    const late = () => end.abort(new MeshError({ code: "DEADLINE_EXCEEDED", message, mayHaveRun: true }));
    sleep(clock, timeoutMs, end.signal).then(late, () => {});
    stops.push(() => end.abort());
  }
  return { signal: end.signal, [Symbol.dispose]: () => stops.forEach((stop) => void stop()) };
}

/** The reply of a command that has ended. @throws MeshError as {@link Dispatched.result} does */
function replyOf<O extends DescMessage>(command: Command, output: O): MessageShape<O> {
  const { id, method, reply, replyBytes, attempts, state } = command;
  const what = `command "${id}" of "${method}"`;
  const mayHaveRun = attempts > 0;
  const cause = command.error === undefined ? undefined : errorFromDetail(command.error);
  switch (state) {
    case CommandState.DONE:
      if (reply.length === replyBytes) return fromBinary(output, reply);
      throw new MeshError({
        code: "TOO_LARGE",
        message: `the reply of ${what} has ${replyBytes} bytes and was not kept`,
      });
    case CommandState.CANCELLED:
      throw new MeshError({ code: "COMMAND_CANCELLED", message: `${what} was taken back`, mayHaveRun, cause });
    case CommandState.EXPIRED:
      throw new MeshError({ code: "EXPIRED", message: `${what} was not done in time`, mayHaveRun, cause });
    default:
      throw new MeshError({
        code: "COMMAND_FAILED",
        message: `${what} failed for good: ${cause?.code ?? "INTERNAL"}: ${cause?.message ?? "no reason is known"}`,
        errorClass: cause?.errorClass,
        mayHaveRun: cause?.mayHaveRun ?? mayHaveRun,
        cause,
      });
  }
}

function unknown(id: string): MeshError {
  const message = `no command "${id.slice(0, 200)}" is known; what has ended is forgotten, after eight days at the earliest`;
  return new MeshError({ code: "NOT_FOUND", message });
}
