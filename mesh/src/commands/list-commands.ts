// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import { settledFloor } from "../broker/settled-floor.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";
import { backwards } from "../broker/stream-scan.ts";
import type { Subjects } from "../broker/subjects.ts";
import { MeshError } from "../mesh-error.ts";
import { knownFrom, type Statuses } from "./statuses.ts";

/** Messages that are read for one page; a page may be shorter for it. */
const mostRead = 2_000;
/** Statuses that are asked for at once. */
const together = 32;
/** Milliseconds by which the clocks of hosts may differ; what is older than that before `sinceMs` ends the reading. */
const clockToleranceMs = 10 * 60_000;

/** Which commands are listed. */
export interface CommandQuery {
  readonly agent?: string | undefined;
  /** `package.Service/Method`. */
  readonly method?: string | undefined;
  readonly batchId?: string | undefined;
  readonly state?: CommandState | undefined;
  /** Milliseconds since the epoch: of the last change, of one that has not begun when it was dispatched. */
  readonly sinceMs?: number | undefined;
  /** The first moment that does not count any more. */
  readonly untilMs?: number | undefined;
  readonly pageSize: number;
  /** As the last page gave it; empty: from the beginning. */
  readonly pageToken: string;
}

/** Some commands; more may follow even when there are few, or none. */
export interface CommandPage {
  readonly commands: readonly Command[];
  /** Empty after the last page. */
  readonly nextPageToken: string;
}

/** What listing needs. */
export interface ListInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly statuses: Statuses;
}

/** A message that was read, and the command that it stands for when that one is asked for. */
interface Seen {
  readonly sequence: number;
  readonly command: Command | undefined;
}

/**
 * Lists commands, newest first: those that have not begun, out of COMMANDS, then those with a status, out of STATUS. For one page
 * no more than {@link mostRead} messages are read. Of methods that no instance ever ran, those that wait are found when they are
 * asked for by method. Replies are left out.
 *
 * @throws MeshError INVALID_MESSAGE when the page token is none
 */
export async function listCommands(init: ListInit, query: CommandQuery): Promise<CommandPage> {
  const { part, below } = placeOf(query);
  const commands: Command[] = [];
  let read = 0;
  const parts = [
    ["waiting", part === "waiting" ? waiting(init, query, below) : none()],
    ["told", query.state === CommandState.ACCEPTED ? none() : told(init, query, part === "told" ? below : Infinity)],
  ] as const;
  for (const [name, seen] of parts) {
    for await (const { sequence, command } of seen) {
      if (command !== undefined) commands.push(command);
      if (++read >= mostRead || commands.length >= query.pageSize)
        return { commands, nextPageToken: `${name}.${sequence}` };
    }
  }
  return { commands, nextPageToken: "" };
}

async function* none(): AsyncGenerator<Seen> {}

/** What lies in COMMANDS above the place where all that were there have been settled, and has no status. */
async function* waiting(init: ListInit, query: CommandQuery, below: number): AsyncGenerator<Seen> {
  const { broker, subjects, statuses } = init;
  const { state = CommandState.UNSPECIFIED, method } = query;
  if (![CommandState.UNSPECIFIED, CommandState.ACCEPTED, CommandState.SCHEDULED].includes(state)) return;
  const stream = streamNames(subjects.namespace).commands;
  const filter = method === undefined ? subjects.all("cmd") : subjects.heardCommand(method);
  const floor = await settledFloor(broker, stream, method === undefined ? undefined : filter);
  const look = async (entry: StoredEntry): Promise<Seen> => {
    const command = statuses.commandIn(entry);
    const isAsked =
      command !== undefined && isWanted(command, query) && (await statuses.read(command.id)) === undefined;
    return { sequence: entry.sequence, command: isAsked ? command : undefined };
  };
  let chunk: StoredEntry[] = [];
  for await (const entry of backwards(broker, { stream, filter }, below)) {
    if (entry.sequence <= floor) break;
    chunk.push(entry);
    if (chunk.length < together) continue;
    yield* await Promise.all(chunk.map(look));
    chunk = [];
  }
  yield* await Promise.all(chunk.map(look));
}

async function* told({ broker, subjects }: ListInit, query: CommandQuery, below: number): AsyncGenerator<Seen> {
  const { agent, method, batchId: batch, sinceMs = 0 } = query;
  const stream = streamNames(subjects.namespace).status;
  for await (const entry of backwards(broker, { stream, filter: subjects.statuses({ agent, method, batch }) }, below)) {
    const { command } = knownFrom(entry);
    if (ms(command.updatedAt) < sinceMs - clockToleranceMs) return;
    command.reply = new Uint8Array();
    yield { sequence: entry.sequence, command: isWanted(command, query) ? command : undefined };
  }
}

function isWanted(command: Command, query: CommandQuery): boolean {
  const { agent, method, batchId, state, sinceMs = 0, untilMs = Number.POSITIVE_INFINITY } = query;
  const at = ms(command.updatedAt);
  return (
    (agent === undefined || command.agent === agent) &&
    (method === undefined || command.method === method) &&
    (batchId === undefined || command.batchId === batchId) &&
    (state === undefined || state === CommandState.UNSPECIFIED || command.state === state) &&
    at >= sinceMs &&
    at < untilMs
  );
}

function ms(time: Timestamp | undefined): number {
  return time === undefined ? 0 : timestampMs(time);
}

function placeOf({ pageToken }: CommandQuery): { readonly part: "waiting" | "told"; readonly below: number } {
  if (pageToken === "") return { part: "waiting", below: Number.POSITIVE_INFINITY };
  const [, part, sequence] = /^(waiting|told)\.(\d{1,15})$/.exec(pageToken) ?? [];
  if (part === "waiting" || part === "told") return { part, below: Number(sequence) };
  const message = `${JSON.stringify(pageToken.slice(0, 60))} is no page token; give the one of the last page, or none`;
  throw new MeshError({ code: "INVALID_MESSAGE", message });
}
