// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { forgetDurable } from "../broker/durable.ts";
import { nameToken } from "../broker/key-token.ts";
import { streamNames } from "../broker/stream-names.ts";
import { Subjects } from "../broker/subjects.ts";
import { type Clock, systemClock } from "../clock.ts";
import { SidingBooks } from "../delivery/siding-book.ts";
import { told } from "../maintenance/maintenance-board.ts";
import { MeshError } from "../mesh-error.ts";
import { type HearerPlace, hearerPlaces, isPulled, lastActive, waitingIn } from "./hearer-place.ts";
import { holdingBack, maintenancesOf } from "./maintenances.ts";
import { profilesOf } from "./profiles.ts";

/** Milliseconds without a message taken after which the hearer of a dead agent, and of a live one, is taken to be gone. */
const goneMs = { dead: 60_000, live: 15 * 60_000 } as const;

/** Which hearer's place is to go. */
export interface HearerRemoval {
  /** `<agent>~<hearer>`: as the doctor's finding says it, or by their names. */
  readonly name: string;
  /** Default: false. Says what would go. */
  readonly dryRun?: boolean | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

/** What of a place went, or would go. */
export interface RemovedPlace {
  readonly stream: string;
  /** Its durables, more than one where it has lanes or partitions. */
  readonly durables: readonly string[];
  /** Messages that this hearer will never hear. They stay in the stream for other hearers. */
  readonly waiting: number;
}

/**
 * Removes the place of a hearer that is gone for good: renamed, or taken out of its agent. Should it come back under this
 * name, it begins like a new one.
 *
 * @throws MeshError NOT_FOUND when it has no place; REFUSED while an instance pulls from it, or may come back to it: the
 *   agent's instances have all been gone for a minute, or are live, under no maintenance, and no message was taken from it
 *   for 15 minutes
 */
export async function removeHearer(
  broker: Broker,
  namespace: string,
  { name, dryRun = false, clock = systemClock }: HearerRemoval,
): Promise<readonly RemovedPlace[]> {
  const mesh = { broker, names: streamNames(namespace), subjects: new Subjects(namespace) };
  const wanted = new Set([name, name.split("~").map(nameToken).join("~")]);
  const places = (await hearerPlaces(mesh)).filter((place) => wanted.has(place.name));
  if (places.length === 0) {
    const message = `no hearer has its place under "${name}"; \`parley doctor\` lists those that nobody pulls from, as <agent>~<hearer>`;
    throw new MeshError({ code: "NOT_FOUND", message });
  }
  const profiles = await profilesOf(mesh);
  const live = new Set(profiles.map((profile) => nameToken(profile.name)));
  for (const place of places) assertGone(place, live, clock.now());
  // A quiet hearer has taken nothing for long, but is there again when the maintenance is over.
  const underway = await maintenancesOf(mesh);
  for (const { name: place } of places) {
    const maintenance = profiles
      .filter((profile) => nameToken(profile.name) === place.split("~")[0])
      .map((profile) => holdingBack(profile, underway))
      .find((one) => one !== undefined);
    if (maintenance !== undefined) throw refusal(place, `${told(maintenance)} may hold it back; end that first`);
  }
  if (!dryRun) {
    for (const { stream, durables } of places) {
      for (const durable of durables) await forgetDurable(broker, { stream, name: durable.name });
      // Else a hearer that comes back under this name would hear again what waited in them.
      const partitions = durables.filter(({ config }) => config.priority_policy === "pinned_client");
      await new SidingBooks(broker, namespace).forget(
        partitions.map(({ name: partition }) => ({ stream, name: partition })),
      );
    }
  }
  return places.map((place) => ({
    stream: place.stream,
    durables: place.durables.map((durable) => durable.name),
    waiting: waitingIn(place),
  }));
}

function assertGone(place: HearerPlace, live: ReadonlySet<string>, now: number): void {
  const { name, durables } = place;
  if (isPulled(place)) throw refusal(name, "an instance pulls from it; stop those that still have this hearer");
  const [agent = ""] = name.split("~");
  const isLive = live.has(agent);
  const idleMs = now - Math.max(...durables.map(lastActive));
  const needMs = isLive ? goneMs.live : goneMs.dead;
  if (idleMs >= needMs) return;
  const state = isLive ? "is live and may only be held back by a breaker or a maintenance" : "may be restarting";
  const left = Math.ceil((needMs - idleMs) / 1_000);
  throw refusal(name, `messages were taken from it lately and agent "${agent}" ${state}; come back in ${left} s`);
}

function refusal(name: string, why: string): MeshError {
  return new MeshError({ code: "REFUSED", message: `the place of hearer "${name}" is not removed: ${why}` });
}
