// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { PulledMessage } from "../broker/pulled-message.ts";
import { sleep } from "../clock.ts";
import { crashPoint } from "../crash-point.ts";
import { dueOf } from "../due.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import { Guard } from "../resilience/guard.ts";
import { logger } from "../telemetry/logger.ts";
import { extract } from "../telemetry/propagation.ts";
import { type GiveUpInit, giveUp } from "./give-up.ts";
import type { Hearing } from "./hearing.ts";
import { refusedBy } from "./hearing-guards.ts";
import { delayAfter, mostTries } from "./next-delay.ts";
import { type Opened, openMessage } from "./open-message.ts";
import type { Parking } from "./parking.ts";
import { type FailedAttempt, readAttempts } from "./past-attempts.ts";
import { wasTakenOver } from "./taken-over.ts";

/** What a delivery needs besides the message. */
export interface DeliveryInit extends GiveUpInit {
  /** 0 to 1, for the jitter. */
  readonly random: () => number;
  /** Aborts when a draining host waits no longer for its handlers: what they have in hand goes back to the broker. */
  readonly abandoned: AbortSignal;
  /**
   * Leaves a message that is due later to the broker; unset: it is held in memory, as one is that is due within a second,
   * that is retried soon, or whose order is kept.
   */
  readonly parking?: Parking | undefined;
  /** Milliseconds; a retry that waits longer is left to the broker. Default: 5 000. */
  readonly parkOverMs?: number | undefined;
  /** Told of each failed try; `delayMs` is unset when it was the last. */
  readonly onFailure?: ((hearing: Hearing, failed: FailedAttempt, delayMs: number | undefined) => void) | undefined;
}

/** Milliseconds before a message is due, within which it is not worth a way through the broker. */
const holdMs = 1_000;
/** Deliveries beyond the contract's tries that nobody settled; then the message is taken for what ended its hearers. */
const spareDeliveries = 10;

/**
 * Takes one message to its hearer: tries, waits by the contract's schedule, and in the end acknowledges it or buries it.
 * While it waits for long it lies at the broker, with the number of its next try and what became of the ones before; for a
 * short time it is held in memory, kept alive by its hold. A crash hands it to another instance, and counts as a try. Where a breaker
 * stands in the way it waits, and no try is counted.
 */
export async function deliver(pulled: PulledMessage, hearing: Hearing, init: DeliveryInit): Promise<void> {
  crashPoint("delivery.received", hearing.operation.handler);
  const { clock, onFailure } = init;
  const attempts = readAttempts(pulled.headers);
  let opened: Opened;
  try {
    opened = openMessage(pulled, hearing.operation.input);
  } catch (thrown) {
    const error = MeshError.from(thrown);
    onFailure?.(hearing, { attempt: pulled.deliveryCount, failedAt: clock.now(), error }, undefined);
    return giveUp({ pulled, hearing, header: undefined, attempts, error }, init);
  }
  // Whoever parked it ended before saying so: it comes, or came, from there.
  if (pulled.deliveryCount > 1 && (await init.parking?.holds(pulled)) === true) return pulled.ack();
  const delivery = { pulled, hearing, header: opened.header, attempts, init };
  const due = dueOf(pulled.headers) ?? 0;
  if (due - clock.now() > holdMs && (await park(delivery, { attempt: opened.header.attempt, due }))) return;
  // More than once where it is later than a timer can say.
  for (let earlyMs = due - clock.now(); earlyMs > 0; earlyMs = due - clock.now()) {
    if (!(await pause(earlyMs, init))) return nakUntil(delivery, due);
  }
  let attempt = opened.header.attempt + pulled.deliveryCount - 1;
  for (const carried = attempts.length; ; ) {
    const header = { ...opened.header, attempt };
    if (attempts.length === carried && pulled.deliveryCount > mostTries(hearing.contract.retries) + spareDeliveries) {
      return giveUp({ pulled, hearing, header, attempts, error: neverSettled(pulled) }, init);
    }
    if (header.expires !== undefined && clock.now() >= header.expires) {
      const error = expired(header);
      onFailure?.(hearing, { attempt, failedAt: clock.now(), error }, undefined);
      return giveUp({ pulled, hearing, header, attempts, error }, init);
    }
    const turn = hearing.guards?.take();
    if (turn instanceof Guard) {
      if (await init.hold((signal) => turn.changed(signal))) continue;
      return giveBack(delivery, { attempt, due: clock.now() });
    }
    const error = await tryOnce(pulled, hearing, { header, message: opened.message }, init.abandoned);
    turn?.end(error);
    if (error === undefined) return acknowledge(pulled, hearing.operation.handler);
    if (init.abandoned.aborted) return pulled.nak(1);
    const refusing = refusedBy(error);
    if (refusing !== undefined && hearing.guards !== undefined) {
      hearing.guards.add(refusing);
      continue;
    }
    if (wasTakenOver(error)) return giveUp({ pulled, hearing, header, attempts, error }, init);
    const failed = { attempt, failedAt: clock.now(), error };
    attempts.push(failed);
    const delayMs = delayAfter(failed, hearing.contract.retries, init.random());
    onFailure?.(hearing, failed, delayMs);
    if (delayMs === undefined) return giveUp({ pulled, hearing, header, attempts, error }, init);
    attempt++;
    const next = { attempt, due: failed.failedAt + delayMs };
    const isLong = delayMs > (init.parkOverMs ?? defaultParkOverMs) && isFree(hearing);
    if (isLong && (await park(delivery, next))) return;
    if (!(await pause(next.due - clock.now(), init))) return giveBack(delivery, next);
    // The broker may have stored what it did not confirm.
    if (isLong && (await init.parking?.holds(pulled).catch(() => false)) === true) return pulled.ack();
  }
}

/** Milliseconds; keeping a message in memory that long costs less than a way through the broker and back. */
const defaultParkOverMs = 5_000;

function pause(delayMs: number, { hold, clock }: DeliveryInit): Promise<boolean> {
  return hold((signal) => sleep(clock, delayMs, signal));
}

/** Whether it may come back after what came meanwhile. */
function isFree({ contract }: Hearing): boolean {
  return contract.ordered !== true;
}

interface Delivery {
  readonly pulled: PulledMessage;
  readonly hearing: Hearing;
  readonly header: MessageHeader;
  readonly attempts: readonly FailedAttempt[];
  readonly init: DeliveryInit;
}

/** Number and time of the next try. */
interface NextTry {
  readonly attempt: number;
  readonly due: number;
}

/** Lets go of a message until its next try. What cannot be parked goes back as it came, and that counts as a try. */
async function giveBack(delivery: Delivery, next: NextTry): Promise<void> {
  if (isFree(delivery.hearing) && (await park(delivery, next))) return;
  nakUntil(delivery, next.due);
}

/** What is ordered goes back at once: as long as the broker has it, a new owner of its partition begins nothing. */
function nakUntil({ pulled, hearing, init }: Delivery, due: number): void {
  pulled.nak(isFree(hearing) ? Math.max(1, due - init.clock.now()) : 1);
}

/** Leaves a message with the broker; false when that cannot be: it is still in hand then. */
async function park(delivery: Delivery, { attempt, due }: NextTry): Promise<boolean> {
  const { pulled, hearing, header, attempts, init } = delivery;
  const { agent, handler } = hearing.operation;
  if (init.parking === undefined) return false;
  try {
    await init.parking.park(pulled, { header: { ...header, attempt }, due, agent, hearer: handler, attempts });
  } catch (error) {
    // Its headers make it too large, say, or the stream is full.
    logger.warn({ err: error, subject: pulled.subject }, "a message that waits cannot be parked; it is kept in memory");
    return false;
  }
  crashPoint("delivery.parked", handler);
  pulled.ack();
  return true;
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

/** A message that was delivered again and again, and each time the process was gone before it could say anything. */
function neverSettled({ deliveryCount, subject }: PulledMessage): MeshError {
  const message = `message on "${subject}" was delivered ${deliveryCount} times and never settled; it may end or block its hearers`;
  return new MeshError({ code: "INTERNAL", message, mayHaveRun: true });
}

function expired({ name, messageId, expires }: MessageHeader): MeshError {
  const at = new Date(expires ?? 0).toISOString();
  return new MeshError({ code: "EXPIRED", message: `"${name}" "${messageId}" was not handled before ${at}` });
}
