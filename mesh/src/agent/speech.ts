// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Appender, brokerAppender } from "../broker/appender.ts";
import type { NewMessage } from "../broker/new-message.ts";
import { sendSignal } from "../broker/signals.ts";
import { Subjects } from "../broker/subjects.ts";
import { Breakers } from "../calls/breakers.ts";
import { Caller } from "../calls/caller.ts";
import { toChannel } from "../calls/route.ts";
import type { ServedMethods } from "../calls/served-methods.ts";
import type { Clock } from "../clock.ts";
import { CommandDesk } from "../commands/command-desk.ts";
import { CommandRuns } from "../commands/command-runs.ts";
import { Dispatcher } from "../commands/dispatcher.ts";
import { RunningCommands } from "../commands/running-commands.ts";
import { Statuses } from "../commands/statuses.ts";
import type { Contracts } from "../contracts/contracts.ts";
import { Publisher } from "../events/publisher.ts";
import { Compactor } from "../journal/compactor.ts";
import { Journals } from "../journal/journals.ts";
import { observeCommit } from "../journal/observe-commit.ts";
import { fallBack } from "../pipeline/fall-back.ts";
import type { Observer } from "../pipeline/observation.ts";
import { callerSteps, type PipelineInit } from "../pipeline/orders.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import { chain, type Next } from "../pipeline/step.ts";
import { Workloads } from "../pipeline/workload.ts";
import { Projections } from "../projection/projections.ts";
import { recordBreakerState } from "../telemetry/metrics.ts";
import type { Voice } from "./create-context.ts";
import { Fallbacks } from "./fallbacks.ts";
import { grantsOf, heldPermissions } from "./grants.ts";
import type { Ground } from "./ground.ts";
import { maintenanceOfCalls } from "./maintenance.ts";
import { OutsideSystems } from "./outside-systems.ts";
import { handledForMs, statusForMs } from "./retention.ts";
import { Routes } from "./routes.ts";

/** All ways in which a host speaks: to others, and to what it keeps. */
export interface Speech {
  readonly voice: Voice;
  readonly subjects: Subjects;
  readonly appender: Appender;
  readonly pipeline: PipelineInit;
  readonly fallbacks: Fallbacks;
  /** The caller's pipeline, ending in a channel. */
  readonly send: Next<Outgoing>;
  /** Publishes by contracts that need not be the host's own. */
  readonly publisherOf: (contracts: Contracts) => Publisher;
  /** Dispatches by contracts that need not be the host's own. */
  readonly dispatcherOf: (contracts: Contracts) => Dispatcher;
  /** Where stored commands are asked for. */
  readonly desk: CommandDesk;
  /** How far each command is. */
  readonly statuses: Statuses;
  /** Writes down how far the commands are that run here. */
  readonly runs: CommandRuns;
}

/** What speech needs beside the ground. */
export interface SpeechInit {
  readonly instance: string;
  /** Filled later: agents here are called without leaving the process. */
  readonly served: ServedMethods;
  readonly clock: Clock;
  readonly random: () => number;
  readonly observer: Observer | undefined;
}

/** Opens calls, publishing, dispatching, journals and projections. What has to be closed goes onto `opening`. */
export async function openSpeech(ground: Ground, init: SpeechInit, opening: AsyncDisposableStack): Promise<Speech> {
  const { agents, namespace, broker, contracts, directory, ensureDomain } = ground;
  const { instance, served, clock, random, observer } = init;
  const routes = opening.use(new Routes({ instance, served, directory, random, traffic: broker.traffic }));
  opening.defer(directory.onChange(() => routes.refresh()));
  const grants = grantsOf(agents, directory);
  const subjects = new Subjects(namespace);
  const appender = brokerAppender(broker);
  const maintenanceOf = maintenanceOfCalls(ground.maintenance, clock);
  const pipeline = {
    clock,
    random,
    grants,
    observer,
    maintenanceOf,
    workloads: new Workloads(),
    overlays: ground.overlays,
  };
  const breakers = new Breakers(clock, (method, state) => recordBreakerState({ method }, state));
  const fallbacks = new Fallbacks(agents, contracts);
  const send: Next<Outgoing> = chain(
    callerSteps(
      pipeline,
      fallBack({
        clock,
        find: (agent, contract) => fallbacks.of(agent, contract),
        send: (outgoing) => send(outgoing),
      }),
    ),
    toChannel((contract) => routes.to(contract), breakers),
  );
  const signal = (message: NewMessage) => sendSignal(broker, message);
  const publisherOf = (bundle: Contracts) =>
    new Publisher({ clock, contracts: bundle, subjects, appender, signal, grants, observer });
  const compactor = new Compactor(broker, subjects);
  opening.defer(() => compactor.settled());
  const journals = new Journals({
    broker,
    subjects,
    clock,
    contracts,
    appender,
    handledForMs: handledForMs(ground.retention),
    onCommitted(committed) {
      if (observer !== undefined) observeCommit(committed, observer);
      compactor.consider(committed);
    },
  });
  const projections = opening.use(new Projections(broker, subjects));
  await projections.start(agents.flatMap((agent) => agent.projections));
  const statuses = new Statuses({ broker, subjects, appender, clock, keptForMs: statusForMs(ground.retention) });
  const desk = new CommandDesk({ broker, subjects, clock, statuses, contracts, grants });
  const running = new RunningCommands(instance);
  opening.defer(await running.open(broker, subjects));
  const runs = new CommandRuns({ statuses, clock, running });
  const dispatcherOf = (bundle: Contracts) =>
    new Dispatcher({
      ...{ clock, contracts: bundle, subjects, appender, grants, observer, ensureDomain },
      statuses,
      desk,
    });
  const voice: Voice = {
    clock,
    caller: new Caller({ clock, contracts, send }),
    publisher: publisherOf(contracts),
    dispatcher: dispatcherOf(contracts),
    desk,
    journals,
    projections,
    held: heldPermissions(agents),
    outside: new OutsideSystems(agents, clock),
    directory,
  };
  return { voice, subjects, appender, pipeline, fallbacks, send, publisherOf, dispatcherOf, desk, statuses, runs };
}
