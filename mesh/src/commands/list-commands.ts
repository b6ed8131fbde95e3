// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import { newestFirst } from "../broker/merged-scan.ts";
import { settledFloor } from "../broker/settled-floor.ts";
import { statusParts } from "../broker/status-parts.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";
import { backwards } from "../broker/stream-scan.ts";
import type { Subjects } from "../broker/subjects.ts";
import { pageToken, readPageToken } from "../page-token.ts";
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
  /** The page token from which on it is read no more. */
  readonly place: string;
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
  const place = placeOf(query);
  const commands: Command[] = [];
  let read = 0;
  const parts = [
    place.waiting === undefined ? none() : waiting(init, query, place.waiting),
    query.state === CommandState.ACCEPTED ? none() : told(init, query, place.told),
  ];
  for (const seen of parts) {
    for await (const { place, command } of seen) {
      if (command !== undefined) commands.push(command);
      if (++read >= mostRead || commands.length >= query.pageSize) return { commands, nextPageToken: place };
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
    return { place: pageToken({ part: "waiting", at: [entry.sequence] }), command: isAsked ? command : undefined };
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

async function* told(
  { broker, subjects }: ListInit,
  query: CommandQuery,
  below: readonly number[],
): AsyncGenerator<Seen> {
  const { agent, method, batchId: batch, sinceMs = 0 } = query;
  const parts = streamNames(subjects.namespace).statuses.map((stream, part) => ({
    stream,
    filter: subjects.statuses(part, { agent, method, batch }),
  }));
  for await (const { entry, below: now } of newestFirst(broker, parts, below)) {
    const { command } = knownFrom(entry);
    if (ms(command.updatedAt) < sinceMs - clockToleranceMs) return;
    command.reply = new Uint8Array();
    yield { place: pageToken({ part: "told", at: now }), command: isWanted(command, query) ? command : undefined };
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

interface Place {
  /** Of what waits, only what has a lower sequence; undefined: that has been read. */
  readonly waiting: number | undefined;
  /** Of each part of STATUS, only what has a lower sequence; where there is none: all of it. */
  readonly told: readonly number[];
}

function placeOf(query: CommandQuery): Place {
  const place = readPageToken(query.pageToken, { waiting: 1, told: statusParts });
  if (place?.part === "told") return { waiting: undefined, told: place.at };
  return { waiting: place?.at[0] ?? Number.POSITIVE_INFINITY, told: [] };
}
