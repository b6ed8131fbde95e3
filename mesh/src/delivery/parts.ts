// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { durablesUnder, firstUnsettled, forgetDurable, isPresent } from "../broker/durable.ts";
import { lanes } from "../broker/lane.ts";
import { type Durable, ensureDurable } from "../broker/pull-consumer.ts";
import { streamNames } from "../broker/stream-names.ts";
import { durableName, partitions, type Subjects } from "../broker/subjects.ts";
import type { Hearing } from "./hearing.ts";
import { SidingBooks } from "./siding-book.ts";

/** Messages of one partition that all instances together hold, those included that wait for their key's turn. */
export const partitionWindow = 64;

const lanesFromMedium = lanes.toSorted((a, b) => Number(b === "medium") - Number(a === "medium"));

/**
 * The durables of a hearer. Of events it has one. Of commands, which carry their own priority, one for each lane, so that a
 * queue in one lane is not in the way of another; the one without a suffix is MEDIUM's. In order it has one for each
 * partition, whatever the lane: two messages of one key never overtake each other.
 */
export function partsOf(hearing: Hearing, subjects: Subjects): readonly Durable[] {
  if (hearing.contract.ordered === true) return partitionsOf(hearing, subjects);
  const { operation, from } = hearing;
  const { agent, handler, name } = operation;
  const { events, commands } = streamNames(subjects.namespace);
  if (operation.kind !== "command") {
    const filters = [subjects.heardEvent(name), subjects.heardAlone({ agent, hearer: handler })];
    return [{ stream: events, name: durableName(agent, handler), filters, from }];
  }
  // MEDIUM's first: it is the one that is there where there were no lanes before.
  return lanesFromMedium.map((lane) => ({
    stream: commands,
    name: lane === "medium" ? durableName(agent, handler) : durableName(agent, handler, lane),
    filters: [subjects.heardCommand(name, { lane })],
    from,
  }));
}

function partitionsOf({ operation, from }: Hearing, subjects: Subjects): readonly Durable[] {
  const { agent, handler, name, kind } = operation;
  const { events, commands } = streamNames(subjects.namespace);
  const isCommand = kind === "command";
  return Array.from({ length: partitions }, (_, partition) => ({
    stream: isCommand ? commands : events,
    name: durableName(agent, handler, `p${partition}`),
    filters: isCommand
      ? [subjects.heardCommand(name, { partition })]
      : [subjects.heardEvent(name, { partition }), subjects.heardAlone({ agent, hearer: handler }, { partition })],
    from,
    maxUnsettled: partitionWindow,
    pinned: true,
  }));
}

/**
 * Sees to it that the durables of a hearer are there. Where its contract has changed their shape (lanes came up, order was
 * turned on or off), new ones begin at the first message that the old ones may not have settled, and old ones that nobody
 * needs are removed: nothing is left out, and what was settled out of turn behind that message comes again.
 *
 * @throws what {@link ensureDurable} throws
 */
export async function ensureParts(broker: Broker, hearing: Hearing, subjects: Subjects): Promise<readonly Durable[]> {
  const parts = partsOf(hearing, subjects);
  const ordered = hearing.contract.ordered !== true;
  const other = partsOf({ ...hearing, contract: { ...hearing.contract, ordered } }, subjects);
  const [own, others] = await Promise.all([presentOf(broker, parts), presentOf(broker, other)]);
  const gone = others.size === 0 ? [] : await allOf(broker, other, parts);
  // Looked for only where something is to be made: it may stand far in a long stream.
  const known = own.size === parts.length ? [] : [...parts.filter(({ name }) => own.has(name)), ...gone];
  const places = await Promise.all(known.map((durable) => firstUnsettled(broker, durable)));
  const found = places.filter((place) => place !== undefined);
  const resumeAt = found.length === 0 ? undefined : Math.min(...found);
  await Promise.all(parts.map((part) => ensureDurable(broker, part, own.has(part.name) ? undefined : resumeAt)));
  await Promise.all(gone.map((durable) => forgetDurable(broker, durable)));
  if (ordered) {
    const left = other.filter(({ name }) => gone.some((one) => one.name === name));
    await new SidingBooks(broker, subjects.namespace).forget(left);
  }
  return parts;
}

/** Those durables of another shape that are there, with the sidings of partitions, and are none of this one. */
async function allOf(
  broker: Broker,
  other: readonly Durable[],
  own: readonly Durable[],
): Promise<readonly Pick<Durable, "stream" | "name">[]> {
  const [{ stream = "", name = "" } = {}] = own;
  const hearer = name.split("~", 2).join("~");
  const isOther = (found: string) =>
    other.some((each) => found === each.name || (each.pinned === true && found.startsWith(`${each.name}~`)));
  const under = await durablesUnder(broker, { stream, name: hearer });
  const all = [hearer, ...under.map((info) => info.name)];
  return all.flatMap((found) =>
    isOther(found) && !own.some((each) => each.name === found) ? [{ stream, name: found }] : [],
  );
}

/** Names of those durables that are there. */
async function presentOf(broker: Broker, durables: readonly Durable[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  // The first one tells of the rest, so most hearers cost one question.
  const [first, ...rest] = durables;
  const look = async (durable: Durable) => {
    const isThere = await isPresent(broker, durable);
    if (isThere) found.add(durable.name);
    return isThere;
  };
  if (first !== undefined && (await look(first))) await Promise.all(rest.map(look));
  return found;
}
