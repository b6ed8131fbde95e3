// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Clock, systemClock } from "../clock.ts";
import { toldHandover, toldLetters, toldParking } from "../commands/told-delivery.ts";
import { DeadLetters } from "../delivery/dead-letters.ts";
import { Deliveries } from "../delivery/deliveries.ts";
import { fallingBack } from "../delivery/fall-back-command.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { parking } from "../delivery/parking.ts";
import { Signals } from "../events/signals.ts";
import type { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { recordDeadLetter, recordFallback, recordRetry } from "../telemetry/metrics.ts";
import { watchQueues } from "../telemetry/queue-gauges.ts";
import type { Ground } from "./ground.ts";
import type { Speech } from "./speech.ts";
import { takingOver } from "./take-over.ts";

/** Everything that comes to a host without being called. */
export interface Ears {
  /** Messages that are being handled now; those that wait for a retry do not count. */
  readonly moving: number;
  /** Durables that nothing is pulled from now because a valve is shut. */
  readonly heldBack: readonly string[];
}

/** What hearing needs beside ground and speech. */
export interface EarsInit {
  /** Id of the host in the directory. */
  readonly instance: string;
  readonly hearings: readonly Hearing[];
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds; a retry that waits longer is left to the broker. */
  readonly parkOverMs: number | undefined;
  /** Handlers at once; default 256. */
  readonly maxHandlers: number | undefined;
  /** Real milliseconds that are left of a drain. */
  readonly graceMs: () => number;
}

/** Begins to hear events and to run commands. Closing stops the pull first, then waits for what is in hand. */
export async function openEars(
  { broker, contracts, mendStreams }: Ground,
  { subjects, appender, statuses, fallbacks, voice }: Speech,
  {
    instance,
    hearings,
    clock,
    random,
    graceMs,
    parkOverMs,
    maxHandlers,
    opening,
  }: EarsInit & { readonly opening: AsyncDisposableStack },
): Promise<Ears> {
  const letters = new DeadLetters({ appender, subjects, contractDigest: contracts.digest });
  const takeOver = takingOver({ contracts, fallbacks, dispatcher: voice.dispatcher });
  const deliveries = new Deliveries({
    broker,
    subjects,
    clock,
    random,
    // The broker keeps real time; it cannot wait for a clock that is moved by hand.
    parking: clock === systemClock ? toldParking(parking({ broker, appender, subjects }), statuses) : undefined,
    parkOverMs,
    deadLetters: fallingBack(toldLetters(letters, statuses), takeOver, toldHandover(statuses, instance)),
    ensureStreams: mendStreams,
    maxHandlers,
    onFailure({ operation }, { error }, delayMs) {
      if (delayMs !== undefined) recordRetry({ side: "process", operation: operation.name, error, delayMs });
    },
    onEnd({ hearing: { operation }, error }, fellBack) {
      if (fellBack === undefined) recordDeadLetter(operation.handler, operation.name, error);
      else recordFallback({ from: operation.name, to: fellBack.method, error });
    },
  });
  const signals = new Signals({ broker, subjects, onLost: logLost });
  const both = [deliveries, signals] as const;
  opening.defer(watchQueues(() => deliveries.queues()));
  opening.defer(async () => void (await Promise.all(both.map((one) => one.settled(graceMs())))));
  opening.defer(async () => void (await Promise.all(both.map((one) => one.stop()))));
  await Promise.all(
    hearings.map((hearing) =>
      hearing.contract.delivery === "AT_MOST_ONCE" ? signals.begin(hearing) : deliveries.begin(hearing),
    ),
  );
  return {
    get moving() {
      return deliveries.moving + signals.moving;
    },
    get heldBack() {
      return deliveries.heldBack;
    },
  };
}

/** Nothing else remembers a signal that was not handled. */
function logLost({ operation }: Hearing, error: MeshError): void {
  const { agent, name, handler } = operation;
  logger.warn({ agent_id: agent, operation: name, hearer: handler, code: error.code }, error.message);
}
