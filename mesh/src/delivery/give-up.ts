// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledMessage } from "../broker/pulled-message.ts";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import type { MessageHeader } from "../header.ts";
import type { MeshError } from "../mesh-error.ts";
import { logger } from "../telemetry/logger.ts";
import { type FellBack, type Graveyard, letterIdOf } from "./dead-letters.ts";
import type { Hearing } from "./hearing.ts";
import type { FailedAttempt } from "./past-attempts.ts";

/** A message that failed for good. */
export interface Failure {
  readonly pulled: PulledMessage;
  readonly hearing: Hearing;
  /** Unset when the header itself cannot be read. */
  readonly header: MessageHeader | undefined;
  readonly attempts: readonly FailedAttempt[];
  readonly error: MeshError;
}

/** What giving up needs. */
export interface GiveUpInit {
  readonly clock: Clock;
  readonly deadLetters: Graveyard;
  /** Waits; false when the host drains first. */
  readonly hold: (wait: (signal: AbortSignal) => Promise<void>) => Promise<boolean>;
  /** Told of each message that is given up, with what took its place where that is no dead letter. */
  readonly onEnd?: ((failure: Failure, fellBack: FellBack | undefined) => void) | undefined;
}

/** Real milliseconds after which a dead letter that could not be stored is tried again. */
const burialRetryMs = 1_000;

/** Buries the message, then ends it at the broker; while the letter cannot be stored, or its hearing be told, the message stays. */
export async function giveUp(failure: Failure, { clock, deadLetters, hold, onEnd }: GiveUpInit): Promise<void> {
  const { pulled, hearing, error: cause } = failure;
  const diedAt = clock.now();
  for (let tries = 0; ; ) {
    try {
      const fellBack = await deadLetters.bury({ ...failure, diedAt });
      crashPoint("delivery.buried", hearing.operation.handler);
      if (fellBack === undefined) await hearing.onBuried?.({ pulled, letter: letterIdOf(failure), error: cause });
      onEnd?.(failure, fellBack);
      return pulled.term();
    } catch (error) {
      if (tries++ === 0) {
        const text = "a message that failed for good cannot be given up yet; it is tried again";
        logger.warn({ err: error, subject: pulled.subject }, text);
      }
      // In real time: it is the broker that is waited for.
      if (!(await hold((signal) => sleep(systemClock, burialRetryMs, signal)))) return pulled.nak(burialRetryMs);
    }
  }
}
