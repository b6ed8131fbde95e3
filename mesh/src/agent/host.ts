// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { brokerAppender } from "../broker/appender.ts";
import { connectBroker } from "../broker/connection.ts";
import type { NewMessage } from "../broker/new-message.ts";
import { refuseRolledBack } from "../broker/rolled-back.ts";
import { sendSignal } from "../broker/signals.ts";
import { ensureStreams } from "../broker/streams.ts";
import { Subjects } from "../broker/subjects.ts";
import { Breakers } from "../calls/breakers.ts";
import { Caller } from "../calls/caller.ts";
import { createClient } from "../calls/client.ts";
import { HealthBoard, type HealthStatus } from "../calls/health-board.ts";
import { openPort } from "../calls/port.ts";
import { toChannel } from "../calls/route.ts";
import type { ServedMethod } from "../calls/served-methods.ts";
import { systemClock } from "../clock.ts";
import { Dispatcher } from "../commands/dispatcher.ts";
import { parking } from "../commands/park.ts";
import { Contracts } from "../contracts/contracts.ts";
import { DeadLetters } from "../delivery/dead-letters.ts";
import { Deliveries } from "../delivery/deliveries.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { ContractStore } from "../directory/contract-store.ts";
import { Directory } from "../directory/directory.ts";
import { Registration } from "../directory/registration.ts";
import { Publisher } from "../events/publisher.ts";
import { Signals } from "../events/signals.ts";
import { newId } from "../ids.ts";
import { Compactor } from "../journal/compactor.ts";
import { Journals } from "../journal/journals.ts";
import { observeCommit } from "../journal/observe-commit.ts";
import { MeshError } from "../mesh-error.ts";
import { callerSteps, handlerSteps } from "../pipeline/orders.ts";
import { chain } from "../pipeline/step.ts";
import { Projections } from "../projection/projections.ts";
import { logger } from "../telemetry/logger.ts";
import { recordBreakerState, recordDeadLetter, recordRetry } from "../telemetry/metrics.ts";
import { watchQueues } from "../telemetry/queue-gauges.ts";
import { startTelemetry } from "../telemetry/sdk.ts";
import type { Voice } from "./create-context.ts";
import type { Agent } from "./define-agent.ts";
import { assertAdvertisable, endpointOf } from "./endpoint.ts";
import { grantsOf, heldPermissions } from "./grants.ts";
import { hearings } from "./hearing.ts";
import type { Host, HostOptions } from "./host-options.ts";
import { profileOf } from "./profile.ts";
import { requestHandler } from "./request-handler.ts";
import { Routes } from "./routes.ts";
import { commandHearings } from "./running.ts";
import { servedMethods } from "./serving.ts";

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
  const {
    agents,
    namespace = "parley",
    clock = systemClock,
    random = Math.random,
    observer,
    drainMs = 10_000,
  } = options;
  assertAdvertisable(options.advertise);
  const contracts = contractsOf(agents);
  const name = agents.map((agent) => agent.name).join("+");
  const telemetry = await startTelemetry({ serviceName: agents.length === 1 ? name : namespace });
  opening.defer(() => telemetry.shutdown());

  const url = options.broker ?? process.env["PARLEY_NATS_URL"] ?? "nats://127.0.0.1:4222";
  const broker = opening.use(await connectBroker({ url, name }));
  const { replicas } = options;
  const domains = domainsOf(agents, contracts);
  await ensureStreams(broker, { namespace, domains, replicas });
  await refuseRolledBack(broker, { namespace, domains });
  const contractStore = await ContractStore.open(broker, namespace);
  await contractStore.keep(contracts);
  const directory = opening.use(await Directory.open(broker, { namespace, replicas }));

  const instance = newId();
  const served = new Map<string, ServedMethod>();
  const routes = opening.use(new Routes(instance, served, directory));
  opening.defer(directory.onChange(() => routes.prune()));
  const grants = grantsOf(agents, directory);
  const subjects = new Subjects(namespace);
  const appender = brokerAppender(broker);
  const signal = (message: NewMessage) => sendSignal(broker, message);
  const pipeline = { clock, random, grants, observer };
  const breakers = new Breakers(clock, recordBreakerState);
  const send = chain(
    callerSteps(pipeline),
    toChannel((contract) => routes.to(contract), breakers),
  );
  const caller = new Caller({ clock, contracts, send });
  const publisherOf = (bundle: Contracts) =>
    new Publisher({ clock, contracts: bundle, subjects, appender, signal, grants, observer });
  const publisher = publisherOf(contracts);
  const ensureDomain = oncePerDomain(domains, (domain) =>
    ensureStreams(broker, { namespace, domains: [domain], replicas }),
  );
  const dispatcher = new Dispatcher({ clock, contracts, subjects, appender, grants, observer, ensureDomain });
  const compactor = new Compactor(broker, subjects);
  const journals = new Journals({
    broker,
    subjects,
    clock,
    contracts,
    appender,
    onCommitted(committed) {
      if (observer !== undefined) observeCommit(committed, observer);
      compactor.consider(committed);
    },
  });
  opening.defer(() => compactor.settled());
  const projections = opening.use(new Projections(broker, subjects));
  await projections.start(agents.flatMap((agent) => agent.projections));
  const held = heldPermissions(agents);
  const voice: Voice = { clock, caller, publisher, dispatcher, journals, projections, held };
  const build = { contracts, steps: handlerSteps(pipeline), voice };
  for (const [method, handler] of servedMethods(agents, build)) served.set(method, handler);

  const closing = new AbortController();
  const health = new HealthBoard();
  const handler = requestHandler({ served, contracts, health, closing: closing.signal });
  const registrations: Registration[] = [];
  opening.defer(() => all(registrations, (each) => each.leave()));
  const port = await openPort({ handler, host: options.address, port: options.port });
  opening.defer(() => port.drain(drainMs));
  const endpoint = endpointOf({ ...options, url: port.url });
  const startedAt = clock.now();
  const profiles = agents.map((agent) => profileOf(agent, { endpoint, contractDigest: contracts.digest, startedAt }));
  for (const profile of profiles) registrations.push(await Registration.begin(directory, profile));

  const deliveries = new Deliveries({
    broker,
    subjects,
    clock,
    random,
    // The broker keeps real time; it cannot wait for a clock that is moved by hand.
    park: clock === systemClock ? parking(appender, subjects) : undefined,
    deadLetters: new DeadLetters({ appender, subjects, contractDigest: contracts.digest }),
    onFailure({ operation }, { error }, delayMs) {
      if (delayMs === undefined) recordDeadLetter(operation.handler, operation.name, error);
      else recordRetry({ side: "process", operation: operation.name, error, delayMs });
    },
  });
  const signals = new Signals({ broker, subjects, onLost: logLost });
  opening.defer(watchQueues(() => deliveries.queues()));
  opening.defer(() => all([deliveries, signals], (each) => each.settled(drainMs)));
  opening.defer(() => all([deliveries, signals], (each) => each.stop()));
  await all([...hearings(agents, build), ...commandHearings(agents, build)], (hearing) =>
    hearing.contract.delivery === "AT_MOST_ONCE" ? signals.begin(hearing) : deliveries.begin(hearing),
  );

  await all(registrations, (each) => each.ready());
  setHealth(health, agents, "SERVING");
  opening.defer(async () => {
    setHealth(health, agents, "NOT_SERVING");
    closing.abort();
    await all(registrations, (each) => each.draining().catch(() => {}));
  });

  const open = opening.move();
  let drained: Promise<void> | undefined;
  const drain = () => {
    drained ??= open.disposeAsync();
    return drained;
  };
  const source = agents[0]?.name ?? namespace;
  return {
    url: port.url,
    instance,
    namespace,
    contracts,
    directory,
    contractStore,
    broker,
    clock,
    get moving() {
      return deliveries.moving + signals.moving;
    },
    send,
    publisherOf,
    client: (service, speaker = {}) =>
      createClient(service, (method, request, call) => {
        const { conversationId } = speaker;
        const from = { source: speaker.source ?? source, cause: undefined, options: { conversationId, ...call } };
        return caller.call(method, request, from);
      }),
    publish: (event, init, speaker = {}) =>
      publisher.publish(event, init, {
        source: speaker.source ?? source,
        cause: undefined,
        conversationId: speaker.conversationId,
      }),
    dispatch: (method, init, { source: speaker = source, conversationId, ...options } = {}) =>
      dispatcher.dispatch({ method, init, options }, { source: speaker, cause: undefined, conversationId }),
    load: (key) => journals.load(key),
    projections,
    drain,
    [Symbol.asyncDispose]: drain,
  };
}

function contractsOf(agents: readonly Agent[]): Contracts {
  const duplicate = agents.find(({ name }, index) => agents.findIndex((other) => other.name === name) !== index);
  if (duplicate !== undefined) {
    throw new MeshError({ code: "REFUSED", message: `agent "${duplicate.name}" is given to the host twice` });
  }
  return Contracts.of({
    services: agents.flatMap(({ serves }) => serves.map(({ service }) => service)),
    events: agents.flatMap(({ hears, publishes }) => [...hears.map(({ event }) => event), ...publishes]),
  });
}

/** Proto packages whose streams must be there: of the contracts, and of journals that no contract tells of. */
function domainsOf(agents: readonly Agent[], contracts: Contracts): readonly string[] {
  const journaled = agents.flatMap(({ journals }) => journals.map(({ domain }) => domain));
  const projected = agents.flatMap(({ projections }) =>
    projections.flatMap(({ source }) => (source.kind === "journals" ? [source.domain] : [])),
  );
  return [...new Set([...contracts.domains, ...journaled, ...projected])];
}

/** Makes what a package needs when it is first asked for; what failed is tried again. */
function oncePerDomain(
  there: readonly string[],
  make: (domain: string) => Promise<void>,
): (domain: string) => Promise<void> {
  const made = new Map(there.map((domain) => [domain, Promise.resolve()]));
  return (domain) => {
    const work = made.get(domain) ?? make(domain);
    made.set(domain, work);
    work.catch(() => made.delete(domain));
    return work;
  };
}

/** Nothing else remembers a signal that was not handled. */
function logLost({ operation }: Hearing, error: MeshError): void {
  const { agent, name, handler } = operation;
  logger.warn({ agent_id: agent, operation: name, hearer: handler, code: error.code }, error.message);
}

function setHealth(health: HealthBoard, agents: readonly Agent[], status: HealthStatus): void {
  const services = agents.flatMap(({ serves }) => serves.map(({ service }) => service.typeName));
  health.set("liveness", "SERVING");
  for (const name of ["", "readiness", ...services]) health.set(name, status);
}

async function all<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  await Promise.all(items.map(work));
}
