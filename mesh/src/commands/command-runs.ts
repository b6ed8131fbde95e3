// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Clock } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import { letterHeader } from "../delivery/letter-header.ts";
import { takenOver } from "../delivery/taken-over.ts";
import { errorDetail, errorFromDetail } from "../error-detail.ts";
import { payloadDigest } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { Places } from "../pipeline/places.ts";
import { isStream, type Next, type Reply } from "../pipeline/step.ts";
import { hasEnded, notBegun } from "./command-facts.ts";
import type { RunningCommands } from "./running-commands.ts";
import type { Known, Statuses } from "./statuses.ts";
import { type CommandArrival, type Turn, turnOf } from "./turn.ts";

/** Most bytes of a reply that are kept with the status; of a larger one its size and digest are. */
export const maxReplyBytes = 32 * 1024;

/** What runs of commands are told with. */
export interface CommandRunsInit {
  readonly statuses: Statuses;
  readonly clock: Clock;
  readonly running: RunningCommands;
}

/** How a command is run. */
export interface CommandWork {
  /** Handlers at once; the end of a run is written down outside of it. */
  readonly places: Places;
  readonly output: DescMessage;
  readonly handle: Next<Incoming>;
}

type Tried =
  | { readonly kind: "done"; readonly begun: Known; readonly reply: Reply }
  | { readonly kind: "failed"; readonly begun: Known; readonly error: MeshError };

/**
 * The runner's side of the status: RUNNING before the handler, by compare-and-set, so that a command which was taken back is not
 * run and one that was begun cannot be taken back unseen; RETRYING after a failed try; DONE before the message is acknowledged, so
 * that a message which comes again is not run again.
 */
export class CommandRuns {
  readonly #init: CommandRunsInit;

  constructor(init: CommandRunsInit) {
    this.#init = init;
  }

  /** Runs one try of a command, unless it was taken back or done; then there is no reply. */
  async run(incoming: Incoming, { places, output, handle }: CommandWork): Promise<Reply> {
    const given = incoming.signal;
    const { handler } = incoming.operation;
    const tried = await this.#try(incoming, { places, handle });
    if (tried === undefined) return undefined;
    if (tried.kind === "done") {
      const end = { state: CommandState.DONE, error: undefined, ...keptReply(tried.reply, output) };
      await this.#end(tried.begun, given, () => end);
      crashPoint("command.done", handler);
      return tried.reply;
    }
    // The host drains: another instance takes the command over as it is.
    if (given?.aborted) throw tried.error;
    const error = errorDetail(tried.error);
    const { instance, attempts } = tried.begun.command;
    const after = await this.#end(tried.begun, given, (now) => {
      // Somebody else has taken it over meanwhile.
      if (now.instance !== instance || now.attempts !== attempts) return undefined;
      return { error, state: now.cancelRequested ? CommandState.CANCELLED : CommandState.RETRYING };
    });
    if (after.state === CommandState.CANCELLED || after.state === CommandState.DONE) return undefined;
    throw tried.error;
  }

  /** The try itself, from the claim on, in one of the method's places; undefined: it is not to be run. */
  async #try(
    incoming: Incoming,
    { places, handle }: Pick<CommandWork, "places" | "handle">,
  ): Promise<Tried | undefined> {
    const given = incoming.signal;
    const leave = await places.take(given);
    try {
      using stoppable = this.#init.running.begin(incoming.header.messageId, given);
      const begun = await this.#begin(incoming);
      if (begun === undefined) return undefined;
      crashPoint("command.begun", incoming.operation.handler);
      incoming.signal = stoppable.signal;
      try {
        return { kind: "done", begun, reply: await handle(incoming) };
      } catch (thrown) {
        return { kind: "failed", begun, error: MeshError.from(thrown) };
      }
    } finally {
      leave();
    }
  }

  /**
   * Claims the command for this run; undefined: it is not to be run.
   *
   * @throws MeshError why it failed, when another method was to take it over
   */
  async #begin({ header, operation, pulled, due }: Incoming): Promise<Known | undefined> {
    const { statuses, clock, running } = this.#init;
    const headers = pulled?.headers ?? new Map<string, string>();
    const fresh = notBegun({ header, headers, agent: operation.agent, now: clock.now() });
    const arrival = {
      sequence: BigInt(pulled?.sequence ?? 0),
      requestDigest: fresh.requestDigest,
      isRedriven: headers.has(letterHeader),
    };
    const isFirst = header.attempt === 1 && due === undefined && pulled?.deliveryCount === 1;
    let known = isFirst ? undefined : await statuses.read(header.messageId);
    for (;;) {
      const turn = await this.#turn(known?.command, arrival);
      if (turn === "pass") {
        // Whoever wrote that down may have been gone before the other command was dispatched.
        if (known !== undefined && isHandedOver(known.command, arrival)) throw failureOf(known.command);
        return undefined;
      }
      const next =
        turn === "cancel"
          ? { state: CommandState.CANCELLED }
          : {
              state: CommandState.RUNNING,
              attempts: header.attempt,
              sequence: arrival.sequence,
              instance: running.instance,
              startedAt: timestampFromMs(clock.now()),
              endedAt: undefined,
              nextAttemptAt: undefined,
              scheduleId: "",
              deadLetterId: "",
              takenOverBy: "",
            };
      const stored = await this.#init.statuses.replace(known ?? { command: fresh, revision: 0 }, next);
      if (stored !== undefined) return turn === "cancel" ? undefined : stored;
      known = await statuses.read(header.messageId);
    }
  }

  async #turn(known: Command | undefined, arrival: CommandArrival): Promise<Turn> {
    const turn = turnOf(known, arrival);
    const runsElsewhere = turn === "pass" && known?.state === CommandState.RUNNING;
    // Nobody would ever take it over from a place that is gone.
    if (!runsElsewhere || (await this.#init.statuses.isInPlace(known))) return turn;
    return turnOf({ ...known, sequence: arrival.sequence }, arrival);
  }

  /**
   * Writes what became of a try, unless the command has come to its end elsewhere, and gives what stands there then. The message
   * stays in hand meanwhile: while the broker is away it goes on trying.
   */
  async #end(
    begun: Known,
    given: AbortSignal | undefined,
    change: (command: Command) => Partial<Command> | undefined,
  ): Promise<Command> {
    for (let known = begun; ; ) {
      const next = hasEnded(known.command) ? undefined : change(known.command);
      if (next === undefined) return known.command;
      try {
        const stored = await this.#init.statuses.replace(known, next);
        if (stored !== undefined) return stored.command;
        known = (await this.#init.statuses.read(known.command.id)) ?? { ...known, revision: 0 };
      } catch (thrown) {
        if (MeshError.from(thrown).code !== "BROKER_UNAVAILABLE" || given?.aborted) throw thrown;
      }
    }
  }
}

function isHandedOver({ takenOverBy, sequence }: Command, arrival: CommandArrival): boolean {
  return takenOverBy !== "" && sequence === arrival.sequence;
}

function failureOf({ id, error }: Command): MeshError {
  if (error !== undefined) return takenOver(errorFromDetail(error));
  return takenOver(new MeshError({ code: "UNAVAILABLE", message: `command "${id}" is taken over by another one` }));
}

function keptReply(reply: Reply, output: DescMessage): Partial<Command> {
  if (reply === undefined || isStream(reply)) return {};
  const bytes = toBinary(output, reply);
  const kept = bytes.length <= maxReplyBytes ? { reply: bytes } : {};
  return { ...kept, replyBytes: bytes.length, replyDigest: payloadDigest(bytes) };
}
