// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { ConsumerInfo } from "@nats-io/jetstream";
import { streamInfo } from "../broker/ensure-stream.ts";
import { nameToken } from "../broker/key-token.ts";
import { firstOf } from "../broker/pages.ts";
import type { Finding } from "./finding.ts";
import type { Check, Patient } from "./patient.ts";
import { profilesOf } from "./profiles.ts";

/** Milliseconds without a pull after which nobody is taken to be there; a pull lasts 30 s at most. */
const abandonedMs = 60_000;
/** Milliseconds that the oldest event may wait for a hearer. */
const behindMs = 60_000;

/** Whether each place in EVENTS and COMMANDS has somebody who pulls from it, and is not late. */
export const hearers: Check = async (patient) => {
  const { broker, names } = patient;
  const live = new Set((await profilesOf(patient)).map(({ name }) => nameToken(name)));
  const findings: Finding[] = [];
  for (const stream of [names.events, names.commands]) {
    if ((await streamInfo(broker, stream)) === undefined) continue;
    for await (const info of broker.manager.consumers.list(stream)) {
      // The broker itself forgets those that say for how long they want to be kept.
      if ((info.config.inactive_threshold ?? 0) > 0) continue;
      const agent = info.name.split("~")[0] ?? "";
      const finding =
        live.has(agent) && !isAbandoned(info, patient.now())
          ? await behind(patient, info)
          : leftover(info, live.has(agent));
      if (finding !== undefined) findings.push(finding);
    }
  }
  return findings;
};

/** Nobody waits for messages or has any, and none was taken lately. A busy hearer waits for none, but has some. */
function isAbandoned({ num_waiting, num_ack_pending, delivered, created }: ConsumerInfo, now: number): boolean {
  // Not in the client's types.
  const active = "last_active" in delivered ? String(delivered.last_active) : created;
  const last = Date.parse(active);
  return num_waiting === 0 && num_ack_pending === 0 && now - last > abandonedMs;
}

function leftover(info: ConsumerInfo, isLive: boolean): Finding | undefined {
  const { name, stream_name: stream, num_pending, num_ack_pending, num_waiting } = info;
  // Somebody pulls who is in no directory: a tool, or another mesh's courier.
  if (!isLive && num_waiting > 0) return undefined;
  const [agent, hearer] = name.split("~");
  const who = isLive
    ? `agent "${agent}" is live, but has no hearer "${hearer}" any more`
    : `no agent "${agent}" is live`;
  return {
    severity: "warning",
    code: "hearer-leftover",
    where: `${stream} > ${name}`,
    what: `Nobody pulls from it, for ${who}; ${num_pending + num_ack_pending} message(s) wait.`,
    next: `Start the agent; if the hearer is gone for good, remove its place: \`nats consumer rm ${stream} ${name}\`.`,
  };
}

async function behind({ broker, now }: Patient, info: ConsumerInfo): Promise<Finding | undefined> {
  const { name, stream_name: stream, num_pending, delivered, config } = info;
  if (num_pending === 0) return undefined;
  const filter = config.filter_subjects?.[0] ?? config.filter_subject ?? ">";
  const oldest = await firstOf(broker, stream, { filter, from: delivered.stream_seq + 1 });
  const ageMs = oldest === undefined ? 0 : now() - oldest.storedAt;
  if (ageMs < behindMs) return undefined;
  return {
    severity: "warning",
    code: "hearer-behind",
    where: `${stream} > ${name}`,
    what: `${num_pending} message(s) wait for it, the oldest for ${Math.round(ageMs / 1000)} s.`,
    next: "Start more instances of the agent, or find what makes its handler slow.",
  };
}
