// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { ReplayEventsRequest } from "@parley/contracts/parley/mesh/v1/replay_pb.js";
import type { Host } from "../../agent/host-options.ts";
import { heardTypes } from "../../broker/read-subject.ts";
import type { StoredEntry } from "../../broker/stored-entry.ts";
import { streamNames } from "../../broker/stream-names.ts";
import { extent, forwards } from "../../broker/stream-scan.ts";
import { Subjects } from "../../broker/subjects.ts";
import type { EventContract } from "../../contracts/policy.ts";
import { MeshError } from "../../mesh-error.ts";
import { HearerPlaces } from "../hearer-place.ts";
import type { MeshContracts } from "../mesh-contracts.ts";

/** What is replayed. */
export interface ReplayedEvents {
  readonly contract: EventContract;
  /** Oldest first, up to the newest one that is there now. */
  readonly entries: AsyncIterable<StoredEntry>;
  /** Whether an event that was published at this time is meant. */
  covers(publishedAt: number): boolean;
}

/** Milliseconds that a publisher's clock may be ahead of the broker's, by which a stream is searched for a time. */
const clockSlackMs = 300_000;

/**
 * Finds out what is asked for.
 *
 * @throws MeshError NOT_FOUND when the hearer has no place; REFUSED when it hears something else, or runs commands;
 *   UNKNOWN_TYPE; INVALID_MESSAGE when the times cover nothing
 */
export async function replayedEvents(
  request: ReplayEventsRequest,
  host: Host,
  contracts: MeshContracts,
): Promise<ReplayedEvents> {
  const { broker, namespace } = host;
  const { agent, hearer, key } = request;
  const from = request.publishedFrom === undefined ? 0 : timestampMs(request.publishedFrom);
  const before =
    request.publishedBefore === undefined ? Number.POSITIVE_INFINITY : timestampMs(request.publishedBefore);
  if (from >= before) throw coversNothing(from, before);
  if (hearer.includes("/")) throw refused(request, "it runs commands, and those are dispatched again, not replayed");
  const heard = heardTypes(await new HearerPlaces(broker, namespace).of({ agent, hearer }));
  const contract = await contracts.event(request.event === "" ? (heard[0] ?? "") : request.event);
  const { typeName, name } = contract;
  if (!heard.includes(typeName)) throw refused(request, `it hears ${heard.join(", ")}, not "${name}"`);
  const subjects = new Subjects(namespace);
  const { events } = streamNames(namespace);
  const { last } = await extent(broker, events);
  const filter = key === "" ? subjects.heardEvent(typeName) : subjects.heardEventOf(typeName, key);
  const entries = forwards(broker, { stream: events, filter, from: { since: from - clockSlackMs }, to: last });
  return { contract, entries, covers: (publishedAt) => publishedAt >= from && publishedAt < before };
}

function refused({ agent, hearer }: ReplayEventsRequest, why: string): MeshError {
  return new MeshError({
    code: "REFUSED",
    message: `nothing can be replayed to hearer "${hearer}" of agent "${agent}": ${why}`,
  });
}

function coversNothing(from: number, before: number): MeshError {
  const [begin, end] = [from, before].map((at) => new Date(at).toISOString());
  const message = `nothing is published from ${begin} on and before ${end}; exchange the two`;
  return new MeshError({ code: "INVALID_MESSAGE", message });
}
