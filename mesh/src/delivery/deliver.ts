// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledMessage } from "../broker/pulled-message.ts";
import { type Clock, systemClock } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import { dueOf } from "../due.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { RetryPlans } from "../plans.ts";
import { retryDelayMs } from "../resilience/retry-schedule.ts";
import { logger } from "../telemetry/logger.ts";
import { extract } from "../telemetry/propagation.ts";
import type { DeadLetters, FailedAttempt } from "./dead-letters.ts";
import type { Hearing } from "./hearing.ts";
import { keepAlive } from "./keep-alive.ts";
import { type Opened, openMessage } from "./open-message.ts";

/** What a delivery needs besides the message. */
export interface DeliveryInit {
  readonly clock: Clock;
  readonly deadLetters: DeadLetters;
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Waits; false when the host drains first: the message goes back to the broker then. */
  readonly pause: (delayMs: number, clock: Clock) => Promise<boolean>;
  /** Aborts when a draining host waits no longer for its handlers: what they have in hand goes back to the broker. */
  readonly abandoned: AbortSignal;
  /** Leaves a message that is due later to the broker; unset: it is held in memory, as one that is due within a second is. */
  readonly park?: ((pulled: PulledMessage, header: MessageHeader, due: number) => Promise<void>) | undefined;
  /** Told of each failed try; `delayMs` is unset when it was the last. */
  readonly onFailure?: ((hearing: Hearing, failed: FailedAttempt, delayMs: number | undefined) => void) | undefined;
}

/** Milliseconds before a message is due, within which it is not worth a way through the broker. */
const holdMs = 1_000;
/** Real milliseconds after which a dead letter that could not be stored is tried again. */
const burialRetryMs = 1_000;
/** Deliveries beyond the contract's tries that nobody settled; then the message is taken for what ended its hearers. */
const spareDeliveries = 10;

/**
 * Takes one message to its hearer: tries, waits by the contract's schedule, and in the end acknowledges it or buries it.
 * While it waits it is held in memory and kept alive at the broker; a crash hands it to another instance, and counts as a try.
 */
export async function deliver(pulled: PulledMessage, hearing: Hearing, init: DeliveryInit): Promise<void> {
  using _alive = keepAlive(pulled);
  crashPoint("delivery.received", hearing.operation.handler);
  const attempts: FailedAttempt[] = [];
  const { contract } = hearing;
  let opened: Opened;
  try {
    opened = openMessage(pulled, hearing.operation.input);
  } catch (thrown) {
    const error = MeshError.from(thrown);
    init.onFailure?.(hearing, { attempt: pulled.deliveryCount, failedAt: init.clock.now(), error }, undefined);
    return giveUp({ pulled, hearing, header: undefined, attempts, error }, init);
  }
  const due = dueOf(pulled.headers);
  const earlyMs = (due ?? 0) - init.clock.now();
  if (due !== undefined && earlyMs > 0) {
    if (init.park !== undefined && earlyMs > holdMs) {
      await init.park(pulled, opened.header, due);
      return pulled.ack();
    }
    if (!(await init.pause(earlyMs, init.clock))) return pulled.nak(earlyMs);
  }
  for (let attempt = opened.header.attempt + pulled.deliveryCount - 1; ; attempt++) {
    const header = { ...opened.header, attempt };
    if (attempts.length === 0 && pulled.deliveryCount > mostTries(contract.retries) + spareDeliveries) {
      return giveUp({ pulled, hearing, header, attempts, error: neverSettled(pulled) }, init);
    }
    if (header.expires !== undefined && init.clock.now() >= header.expires) {
      const error = expired(header);
      init.onFailure?.(hearing, { attempt, failedAt: init.clock.now(), error }, undefined);
      return giveUp({ pulled, hearing, header, attempts, error }, init);
    }
    const error = await tryOnce(pulled, hearing, { header, message: opened.message }, init.abandoned);
    if (error === undefined) return acknowledge(pulled, hearing.operation.handler);
    if (init.abandoned.aborted) return pulled.nak(1);
    const failed = { attempt, failedAt: init.clock.now(), error };
    attempts.push(failed);
    const delayMs = retryDelayMs(
      contract.retries,
      { error: foreseen(error, contract.retries), attempt },
      init.random(),
    );
    init.onFailure?.(hearing, failed, delayMs);
    if (delayMs === undefined) return giveUp({ pulled, hearing, header, attempts, error }, init);
    if (!(await init.pause(delayMs, init.clock))) return pulled.nak(delayMs);
  }
}

function acknowledge(pulled: PulledMessage, handler: string): void {
  crashPoint("delivery.handled", handler);
  pulled.ack();
  crashPoint("delivery.acknowledged", handler);
}

async function tryOnce(
  pulled: PulledMessage,
  hearing: Hearing,
  opened: Opened,
  signal: AbortSignal,
): Promise<MeshError | undefined> {
  try {
    await hearing.handle({
      operation: hearing.operation,
      header: opened.header,
      message: opened.message,
      door: "delivery",
      trace: extract((name) => pulled.headers.get(name)),
      signal,
      remainingMs: undefined,
      due: dueOf(pulled.headers),
      pulled,
    });
    return undefined;
  } catch (thrown) {
    return MeshError.from(thrown);
  }
}

/**
 * On the durable path an unforeseen failure may pass, so it is retried like a TRANSIENT one where the contract has no
 * schedule of its own for it; so are a timeout and a conflict.
 */
function foreseen(error: MeshError, plans: RetryPlans): MeshError {
  const { errorClass } = error;
  if (plans.has(errorClass)) return error;
  const mayPass = errorClass === "INTERNAL" || errorClass === "TIMEOUT" || errorClass === "CONFLICT";
  return mayPass ? error.with({ errorClass: "TRANSIENT" }) : error;
}

function mostTries(plans: RetryPlans): number {
  return 1 + Math.max(0, ...[...plans.values()].map(({ delaysMs }) => delaysMs.length));
}

/** A message that was delivered again and again, and each time the process was gone before it could say anything. */
function neverSettled({ deliveryCount, subject }: PulledMessage): MeshError {
  const message = `message on "${subject}" was delivered ${deliveryCount} times and never settled; it may end or block its hearers`;
  return new MeshError({ code: "INTERNAL", message, mayHaveRun: true });
}

function expired({ name, messageId, expires }: MessageHeader): MeshError {
  const at = new Date(expires ?? 0).toISOString();
  return new MeshError({ code: "EXPIRED", message: `"${name}" "${messageId}" was not handled before ${at}` });
}

interface Failure {
  readonly pulled: PulledMessage;
  readonly hearing: Hearing;
  readonly header: MessageHeader | undefined;
  readonly attempts: readonly FailedAttempt[];
  readonly error: MeshError;
}

/** Buries the message, then ends it at the broker; while the letter cannot be stored, the message stays. */
async function giveUp(failure: Failure, { clock, deadLetters, pause }: DeliveryInit): Promise<void> {
  const diedAt = clock.now();
  for (let tries = 0; ; ) {
    try {
      await deadLetters.bury({ ...failure, diedAt });
      crashPoint("delivery.buried", failure.hearing.operation.handler);
      return failure.pulled.term();
    } catch (error) {
      if (tries++ === 0)
        logger.warn(
          { err: error, subject: failure.pulled.subject },
          "a dead letter cannot be stored; it is tried again",
        );
      // In real time: it is the broker that is waited for.
      if (!(await pause(burialRetryMs, systemClock))) return failure.pulled.nak(burialRetryMs);
    }
  }
}
