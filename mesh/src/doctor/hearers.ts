// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { nameOfToken, nameToken } from "../broker/key-token.ts";
import { firstOf } from "../broker/stored-entry.ts";
import type { Finding } from "./finding.ts";
import { type HearerPlace, hearerPlaces, isAbandoned, isPulled, waitingIn } from "./hearer-place.ts";
import { holdingBack, maintenancesOf } from "./maintenances.ts";
import type { Check, Patient } from "./patient.ts";
import { profilesOf } from "./profiles.ts";

/** Milliseconds that the oldest event may wait for a hearer. */
const behindMs = 60_000;

/**
 * Whether each place in EVENTS and COMMANDS has somebody who pulls from it, and is not late. Under maintenance nobody pulls
 * and everything waits, which is a finding of its own.
 */
export const hearers: Check = async (patient) => {
  const profiles = await profilesOf(patient);
  const live = new Set(profiles.map(({ name }) => nameToken(name)));
  const underway = await maintenancesOf(patient);
  const held = profiles.filter((profile) => holdingBack(profile, underway) !== undefined);
  const heldBack = new Set(held.map(({ name }) => nameToken(name)));
  const findings: Finding[] = [];
  for (const place of await hearerPlaces(patient)) {
    const [agent = ""] = place.name.split("~");
    if (heldBack.has(agent)) continue;
    const isLive = live.has(agent);
    const finding =
      isLive && !isAbandoned(place, patient.now()) ? await behind(patient, place) : leftover(place, isLive);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
};

function leftover(place: HearerPlace, isLive: boolean): Finding | undefined {
  const { name, stream } = place;
  // Somebody pulls who is in no directory: a tool, or another mesh's courier.
  if (!isLive && isPulled(place)) return undefined;
  const [agent, hearer] = name.split("~").map(nameOfToken);
  const who = isLive
    ? `agent "${agent}" is live, but has no hearer "${hearer}" any more`
    : `no agent "${agent}" is live`;
  return {
    severity: "warning",
    code: "hearer-leftover",
    where: `${stream} > ${name}`,
    what: `Nobody pulls from it, for ${who}; ${waitingIn(place)} message(s) wait.`,
    next: `Start the agent; if the hearer is gone for good, remove its place: \`parley doctor --remove-hearer ${name}\`.`,
  };
}

async function behind({ broker, now }: Patient, { name, stream, durables }: HearerPlace): Promise<Finding | undefined> {
  const waiting = durables.reduce((sum, { num_pending }) => sum + num_pending, 0);
  if (waiting === 0) return undefined;
  const oldest = await Promise.all(
    durables
      .filter(({ num_pending }) => num_pending > 0)
      .map(({ config, delivered }) => {
        const filter = config.filter_subjects?.[0] ?? config.filter_subject ?? ">";
        return firstOf(broker, stream, { filter, from: delivered.stream_seq + 1 });
      }),
  );
  const ageMs = Math.max(0, ...oldest.map((first) => (first === undefined ? 0 : now() - first.storedAt)));
  if (ageMs < behindMs) return undefined;
  return {
    severity: "warning",
    code: "hearer-behind",
    where: `${stream} > ${name}`,
    what: `${waiting} message(s) wait for it, the oldest for ${Math.round(ageMs / 1000)} s.`,
    next: "Start more instances of the agent, or find what makes its handler slow.",
  };
}
