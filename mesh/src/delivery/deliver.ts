// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledMessage } from "../broker/pulled-message.ts";
import { type Clock, sleep } from "../clock.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { retryDelayMs } from "../resilience/retry-schedule.ts";
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
  /** Aborts when the host drains: messages that wait for a retry go back to the broker then. */
  readonly closing: AbortSignal;
  /** Told of each failed try; `delayMs` is unset when it was the last. */
  readonly onFailure?: ((hearing: Hearing, failed: FailedAttempt, delayMs: number | undefined) => void) | undefined;
}

/** Milliseconds after which a message comes back whose dead letter could not be stored. */
const burialRetryMs = 5_000;

/**
 * Takes one message to its hearer: tries, waits by the contract's schedule, and in the end acknowledges it or buries it.
 * While it waits it is held in memory and kept alive at the broker; a crash hands it to another instance, and counts as a try.
 */
export async function deliver(pulled: PulledMessage, hearing: Hearing, init: DeliveryInit): Promise<void> {
  using _alive = keepAlive(pulled);
  const attempts: FailedAttempt[] = [];
  let opened: Opened;
  try {
    opened = openMessage(pulled, hearing.operation.input);
  } catch (thrown) {
    return giveUp(
      {
        pulled,
        hearing,
        header: undefined,
        attempts,
        error: MeshError.from(thrown),
      },
      init,
    );
  }
  for (let attempt = opened.header.attempt + pulled.deliveryCount - 1; ; attempt++) {
    const header = { ...opened.header, attempt };
    const error = await tryOnce(pulled, hearing, {
      header,
      message: opened.message,
    });
    if (error === undefined) return pulled.ack();
    const failed = { attempt, failedAt: init.clock.now(), error };
    attempts.push(failed);
    const delayMs = retryDelayMs(hearing.contract.retries, { error: durable(error), attempt }, init.random());
    init.onFailure?.(hearing, failed, delayMs);
    if (delayMs === undefined) return giveUp({ pulled, hearing, header, attempts, error }, init);
    try {
      await sleep(init.clock, delayMs, init.closing);
    } catch {
      return pulled.nak(delayMs);
    }
  }
}

async function tryOnce(pulled: PulledMessage, hearing: Hearing, opened: Opened): Promise<MeshError | undefined> {
  try {
    await hearing.handle({
      operation: hearing.operation,
      header: opened.header,
      message: opened.message,
      door: "delivery",
      trace: extract((name) => pulled.headers.get(name)),
      signal: undefined,
      remainingMs: undefined,
    });
    return undefined;
  } catch (thrown) {
    return MeshError.from(thrown);
  }
}

/** On the durable path an unforeseen failure may pass, so it is retried like a TRANSIENT one; so is a timeout. */
function durable(error: MeshError): MeshError {
  const unforeseen =
    error.errorClass === "INTERNAL" || error.errorClass === "TIMEOUT" || error.errorClass === "CONFLICT";
  return unforeseen ? error.with({ errorClass: "TRANSIENT" }) : error;
}

interface Failure {
  readonly pulled: PulledMessage;
  readonly hearing: Hearing;
  readonly header: MessageHeader | undefined;
  readonly attempts: readonly FailedAttempt[];
  readonly error: MeshError;
}

/** Buries the message, then ends it at the broker; while the letter cannot be stored, the message stays. */
async function giveUp(failure: Failure, { clock, deadLetters }: DeliveryInit): Promise<void> {
  try {
    await deadLetters.bury({ ...failure, diedAt: clock.now() });
  } catch {
    return failure.pulled.nak(burialRetryMs);
  }
  return failure.pulled.term();
}
