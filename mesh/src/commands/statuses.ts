// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandSchema } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Appender } from "../broker/appender.ts";
import type { Broker } from "../broker/connection.ts";
import { readLast } from "../broker/journal-stream.ts";
import { messageAt, type StoredEntry } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { Clock } from "../clock.ts";
import { readHeader } from "../header-codec.ts";
import { newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { type CommandMessageFacts, changed, notBegun } from "./command-facts.ts";

/** What statuses are kept with. */
export interface StatusesInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly appender: Appender;
  readonly clock: Clock;
  /** Milliseconds that a status is kept after its last change, or after its command is due. */
  readonly keptForMs: number;
}

/** A stored status, and the revision under which it may be replaced. */
export interface Known {
  readonly command: Command;
  readonly revision: number;
}

/**
 * How far each command is: one message of STATUS each, replaced by compare-and-set alone, so that of a runner and whoever takes
 * the command back one wins. A command that has not begun has none: dispatching writes nothing here.
 */
export class Statuses {
  readonly #init: StatusesInit;

  constructor(init: StatusesInit) {
    this.#init = init;
  }

  /** The stored status, as the leader knows it. @throws MeshError BROKER_UNAVAILABLE after twenty seconds */
  async read(id: string): Promise<Known | undefined> {
    const { broker, subjects } = this.#init;
    const stream = streamNames(subjects.namespace).statusOf(id);
    const stored = await readLast(broker, stream, { of: subjects.statusOf(id), certain: true });
    return stored === undefined ? undefined : knownFrom(stored);
  }

  /**
   * Replaces the status of a revision; 0: there is none yet. Gives the new revision.
   *
   * @throws MeshError CONFLICT when it is not the newest; BROKER_UNAVAILABLE after twenty seconds
   */
  async write(command: Command, revision: number): Promise<number> {
    const { subjects, appender, clock, keptForMs } = this.#init;
    const { id, agent, method, batchId } = command;
    const waitsMs = command.due === undefined ? 0 : Math.max(0, timestampMs(command.due) - clock.now());
    const { sequence } = await appender.append({
      subject: subjects.status({ id, agent, method, batch: batchId || undefined }),
      payload: toBinary(CommandSchema, command),
      headers: new Map([["Nats-TTL", `${Math.ceil((keptForMs + waitsMs) / 1000)}s`]]),
      id: newId(),
      expect: { filter: subjects.statusOf(id), lastSequence: revision },
    });
    return sequence;
  }

  /** The stored status, or the command as its message tells of it when there is none. */
  async knownOr(message: Omit<CommandMessageFacts, "now">): Promise<Known> {
    const known = await this.read(message.header.messageId);
    return known ?? { command: notBegun({ ...message, now: this.#init.clock.now() }), revision: 0 };
  }

  /** Writes a change over what is known; undefined when somebody else has changed it. @throws MeshError as {@link write} does */
  async replace(known: Known, change: Partial<Command>): Promise<Known | undefined> {
    const command = changed(known.command, change, this.#init.clock.now());
    try {
      return { command, revision: await this.write(command, known.revision) };
    } catch (thrown) {
      if (MeshError.from(thrown).code !== "CONFLICT") throw thrown;
      return undefined;
    }
  }

  /** What is known of a command, begun or not; undefined: nothing, or not yet, or not any more. */
  async find(id: string): Promise<Known | undefined> {
    const { broker, subjects } = this.#init;
    const known = await this.read(id);
    if (known !== undefined) return known;
    const { commands } = streamNames(subjects.namespace);
    const stored = await readLast(broker, commands, { of: subjects.command(id), certain: true });
    const command = stored === undefined ? undefined : this.commandIn(stored);
    return command === undefined ? undefined : { command, revision: 0 };
  }

  /** Whether the message that a command was last tried by still stands where it stood; not so where COMMANDS was made anew. */
  async isInPlace({ id, sequence }: Command): Promise<boolean> {
    const { broker, subjects } = this.#init;
    const stored = await messageAt(broker, streamNames(subjects.namespace).commands, Number(sequence));
    return stored !== undefined && this.commandIn(stored)?.id === id;
  }

  /** The command that a message of COMMANDS is, as not begun; undefined when its header cannot be read. */
  commandIn({ headers }: Pick<StoredEntry, "headers">): Command | undefined {
    try {
      const header = readHeader((name) => headers.get(name));
      return header === undefined ? undefined : notBegun({ header, headers, now: this.#init.clock.now() });
    } catch {
      return undefined;
    }
  }
}

/** A message of STATUS. */
export function knownFrom({ payload, sequence }: StoredEntry): Known {
  return { command: fromBinary(CommandSchema, payload), revision: sequence };
}
