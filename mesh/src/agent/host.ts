// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createClient } from "../calls/client.ts";
import { countedMethod } from "../calls/counted-calls.ts";
import type { ServedMethod } from "../calls/served-methods.ts";
import { systemClock } from "../clock.ts";
import type { MethodContract } from "../contracts/policy.ts";
import { Registration } from "../directory/registration.ts";
import { newId } from "../ids.ts";
import { handlerSteps } from "../pipeline/orders.ts";
import { Places } from "../pipeline/places.ts";
import { announcementsOf } from "./announcements.ts";
import { commandsOf } from "./commands-of.ts";
import { openEars } from "./ears.ts";
import { assertAdvertisable } from "./endpoint.ts";
import { openGround } from "./ground.ts";
import { hearings } from "./hearing.ts";
import { assertHeartbeat, assertWeight } from "./heartbeat.ts";
import type { Host, HostOptions } from "./host-options.ts";
import { type LiveContracts, liveContracts } from "./live-contracts.ts";
import { heldByMaintenance } from "./maintenance.ts";
import { openSagas } from "./open-sagas.ts";
import { openPresence } from "./presence.ts";
import { commandHearings } from "./running.ts";
import { servedMethods } from "./serving.ts";
import { openSpeech } from "./speech.ts";

/**
 * Hosts agents in this process and resolves when they take calls and hear events.
 *
 * What is opened is put on one stack and closed from its top: leave the directory's ready instances, stop pulling, finish
 * what is in hand, finish calls, leave the directory, close connections. A start that fails half-way closes what it had.
 *
 * @throws MeshError BROKER_UNAVAILABLE; BROKER_UNSUITABLE, also when a journal of its agents was rolled back;
 *   CONTRACT_INCOMPLETE when a policy is missing; REFUSED when an agent serves what is not its own; PORT_UNAVAILABLE when the
 *   port is taken
 */
export async function host(options: HostOptions): Promise<Host> {
  await using opening = new AsyncDisposableStack();
  const { agents, namespace = "parley", clock = systemClock, random = Math.random } = options;
  const { observer, broker, replicas, heartbeat, weight } = options;
  const graceMs = drainTime(options.drainMs ?? 10_000);
  assertAdvertisable(options.advertise);
  assertHeartbeat(heartbeat);
  assertWeight(weight);
  const ground = await openGround(
    { namespace, agents, broker, replicas, heartbeat, clock, traffic: options.traffic },
    opening,
  );
  const instance = newId();
  const served = new Map<string, ServedMethod>();
  const speech = await openSpeech(ground, { instance, served, clock, random, observer }, opening);
  const { voice, pipeline } = speech;
  const live = liveContracts(ground.overlays);
  const build = {
    contracts: ground.contracts,
    steps: handlerSteps(pipeline),
    voice,
    places: placesOfMethods(live),
    live,
  };
  for (const [name, method] of servedMethods(agents, build)) served.set(name, countedMethod(method, options.traffic));
  const { workloads } = pipeline;
  const announcements = announcementsOf(ground, speech, clock);
  const present = { ...options, served, startedAt: clock.now(), graceMs, workloads, announcements };
  const presence = await openPresence(ground, present, opening);
  const sagas = await openSagas(
    ground,
    speech,
    { clock, random, replicas, steps: build.steps, sweepMs: options.sagaSweepMs },
    opening,
  );
  const hearing = [
    ...hearings(agents, build),
    ...commandHearings(agents, { ...build, runs: speech.runs }),
    ...sagas.hearings,
  ];
  const heard = heldByMaintenance(hearing, ground);
  const ears = await openEars(ground, speech, {
    instance,
    hearings: heard,
    clock,
    random,
    graceMs,
    parkOverMs: options.parkOverMs,
    maxHandlers: options.maxHandlers,
    opening,
  });
  await presence.ready();
  opening.defer(() => presence.leaving());

  const open = opening.move();
  let drained: Promise<void> | undefined;
  const drain = () => {
    drained ??= open.disposeAsync();
    return drained;
  };
  const first = agents[0]?.name ?? namespace;
  return {
    url: presence.url,
    instance,
    namespace,
    clock,
    contracts: ground.contracts,
    directory: ground.directory,
    maintenance: ground.maintenance,
    overlays: ground.overlays,
    contractStore: ground.contractStore,
    broker: ground.broker,
    closing: presence.closing,
    register: (profile) => Registration.begin(ground.directory, profile, announcements.ofRegistration()),
    projections: voice.projections,
    sagas: sagas.desk,
    send: speech.send,
    publisherOf: speech.publisherOf,
    get moving() {
      return ears.moving;
    },
    get heldBack() {
      return ears.heldBack;
    },
    client: (service, { source = first, conversationId } = {}) =>
      createClient(service, (method, request, call) =>
        voice.caller.call(method, request, { source, cause: undefined, options: { conversationId, ...call } }),
      ),
    publish: (event, init, { source = first, conversationId } = {}) =>
      voice.publisher.publish(event, init, { source, cause: undefined, conversationId }),
    dispatch: (method, init, { source = first, conversationId, ...more } = {}) =>
      voice.dispatcher.dispatch({ method, init, options: more }, { source, cause: undefined, conversationId }),
    dispatchAll: (method, inits, { source = first, conversationId, ...more } = {}) =>
      voice.dispatcher.dispatchAll({ method, inits, options: more }, { source, cause: undefined, conversationId }),
    command: commandsOf(speech.desk, {}),
    commandDesk: speech.desk,
    dispatcherOf: speech.dispatcherOf,
    load: (key) => voice.journals.load(key),
    drain,
    [Symbol.asyncDispose]: drain,
  };
}

/** Calls and commands of a method share its places. */
function placesOfMethods(live: LiveContracts): (contract: MethodContract) => Places {
  const known = new Map<string, Places>();
  return (contract) => {
    const there = known.get(contract.name);
    if (there !== undefined) return there;
    const places = new Places(contract.maxConcurrency);
    known.set(contract.name, places);
    live(contract, ({ maxConcurrency }) => places.resize(maxConcurrency));
    return places;
  };
}

/**
 * Real milliseconds that are left of a drain: counted from the first time that it is asked, so that whatever is waited for
 * one after the other shares one time.
 */
function drainTime(totalMs: number): () => number {
  let ends: number | undefined;
  return () => {
    ends ??= performance.now() + totalMs;
    return Math.max(0, ends - performance.now());
  };
}
