// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import { HealthBoard, type HealthStatus } from "../calls/health-board.ts";
import { openPort } from "../calls/port.ts";
import type { ServedMethods } from "../calls/served-methods.ts";
import { Registration } from "../directory/registration.ts";
import type { Workloads } from "../pipeline/workload.ts";
import { agentStates } from "./agent-state.ts";
import type { Announcements } from "./announcements.ts";
import type { Agent } from "./define-agent.ts";
import { endpointOf } from "./endpoint.ts";
import type { Ground } from "./ground.ts";
import type { HostOptions } from "./host-options.ts";
import { profileOf } from "./profile.ts";
import { requestHandler } from "./request-handler.ts";

/** Milliseconds that a host goes on to take calls after it has said that it drains, if anybody is connected to it. */
const lingerMs = 50;

/** Turns of the event loop, which may have been busy all that time, in which what has come is accepted and read. */
const readingRounds = 5;

/** How others find and reach a host. */
export interface Presence {
  readonly url: string;
  /** Aborts when no more is to come. */
  readonly closing: AbortSignal;
  /** Takes calls from now on. */
  ready(): Promise<void>;
  /** Says to all that no more is to come. */
  leaving(): Promise<void>;
}

/** What presence needs beside the ground. */
export interface PresenceInit extends Pick<HostOptions, "address" | "port" | "advertise" | "weight"> {
  readonly served: ServedMethods;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Real milliseconds that are left of a drain. */
  readonly graceMs: () => number;
  readonly workloads: Workloads;
  readonly announcements: Announcements;
}

/** Opens the port and enters the agents in the directory, not yet ready. */
export async function openPresence(
  { agents, contracts, directory }: Ground,
  init: PresenceInit,
  opening: AsyncDisposableStack,
): Promise<Presence> {
  const closing = new AbortController();
  const health = new HealthBoard();
  const handler = requestHandler({ served: init.served, contracts, health, closing: closing.signal });
  const registrations: Registration[] = [];
  opening.defer(() => each(registrations, (registration) => registration.leave()));
  const port = await openPort({ handler, host: init.address, port: init.port });
  opening.defer(async () => {
    // Callers that are connected have just been told, and what they send meanwhile is still answered. A connection that is
    // closed before it was read tells its client nothing: the call may have run, for all that one knows.
    if (port.connections > 0) await delay(Math.min(lingerMs, init.graceMs()));
    for (let round = 0; round < readingRounds; round++) await new Promise(setImmediate);
    await port.drain(init.graceMs());
  });
  const endpoint = endpointOf({ ...init, url: port.url });
  const { startedAt, weight = 1, workloads, announcements } = init;
  const told = { endpoint, contractDigest: contracts.digest, startedAt, weight };
  for (const agent of agents) {
    const state = agentStates(workloads.of(agent.name), port);
    const tells = { ...announcements.ofRegistration(), state };
    registrations.push(await Registration.begin(directory, profileOf(agent, told), tells));
  }
  opening.defer(announcements.watchLosses(directory));
  return {
    url: port.url,
    closing: closing.signal,
    async ready() {
      await each(registrations, (registration) => registration.ready());
      setHealth(health, agents, "SERVING");
    },
    async leaving() {
      setHealth(health, agents, "NOT_SERVING");
      closing.abort();
      await each(registrations, (registration) => registration.draining().catch(() => {}));
    },
  };
}

function setHealth(health: HealthBoard, agents: readonly Agent[], status: HealthStatus): void {
  const services = agents.flatMap(({ serves }) => serves.map(({ service }) => service.typeName));
  health.set("liveness", "SERVING");
  for (const name of ["", "readiness", ...services]) health.set(name, status);
}

async function each(registrations: readonly Registration[], work: (one: Registration) => Promise<void>): Promise<void> {
  await Promise.all(registrations.map(work));
}
