// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { SagaStatus, type SagaWake } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { MeshError } from "../mesh-error.ts";
import type { TraceContext } from "../telemetry/propagation.ts";
import { stuck } from "./drive-on.ts";
import { type SagaGround, sagaHeader, sagaOrigin } from "./driving.ts";
import { sagaJournal, startOf } from "./history.ts";
import { parseSagaId, type SagaId } from "./saga-id.ts";
import type { SagaIndex } from "./saga-index.ts";
import { Scribe, Superseded } from "./scribe.ts";
import { summaryOf } from "./summary.ts";

/** A saga for whose sake a message came that is given up. */
export interface Abandoned {
  readonly id: SagaId;
  /**
   * What the message was to it: the event that may have begun it, a wake-up, or word of its family that comes from nobody
   * else.
   */
  readonly by: "start" | "wake" | "word";
  /** Run that it was meant for; unset: the newest. */
  readonly run?: number | undefined;
}

/** The message, and why it was given up. */
export interface LostMessage {
  readonly messageId: string;
  /** Id of its dead letter. */
  readonly letter: string;
  readonly error: MeshError;
  readonly trace: TraceContext;
}

/** What raising the alarm takes. */
export interface AbandonedInit {
  readonly ground: Pick<SagaGround, "journals" | "clock">;
  readonly index: Pick<SagaIndex, "note">;
  readonly domain: string;
}

/** The sagas that may wait for a wake-up, the likelier first: a birth that never comes is missed by the parent alone. */
export function abandonedBy({ sagaId, birth, childEnded, cancel }: SagaWake): readonly Abandoned[] {
  const own = parseSagaId(sagaId);
  const parent = birth?.parent ?? cancel;
  if (parent !== undefined) {
    return [
      { id: own, by: "start" },
      { id: parseSagaId(parent.sagaId), by: "word", run: parent.run },
    ];
  }
  return [childEnded === undefined ? { id: own, by: "wake" } : { id: own, by: "word", run: childEnded.run }];
}

/**
 * Has a saga need attention that nobody would drive on any more, since the message that was to do so is given up. False for
 * one that is over, or does not wait for it: that is left alone.
 *
 * @throws MeshError UNAVAILABLE while somebody else has it in hand and will wait for that very message; what storing throws
 */
export async function alarmAbandoned(
  { ground: { journals, clock }, index, domain }: AbandonedInit,
  { id, by, run }: Abandoned,
  { messageId: driver, letter, error, trace }: LostMessage,
): Promise<boolean> {
  const state = await journals.load(sagaJournal(domain).at(id.id));
  const started = startOf(state);
  const isOpen = state.status === SagaStatus.RUNNING || state.status === SagaStatus.COMPENSATING;
  if (started === undefined || !isOpen || started.run !== (run ?? started.run)) return false;
  const isLeft = state.driver === driver || (by !== "start" && state.isParked);
  if (!isLeft && by !== "word") return false;
  if (!isLeft) {
    const message = `saga "${id.id}" is driven on right now; it is told of the dead letter "${letter}" when it waits`;
    throw new MeshError({ code: "UNAVAILABLE", message });
  }
  const { signal } = new AbortController();
  const driving = { id, domain, started, trace, signal };
  const origin = sagaOrigin({ agent: id.agent, domain, cause: sagaHeader(driving), trace, signal });
  const scribe = new Scribe({ journals, clock, id, domain, driver, origin }, state);
  const message = `what drives it on became the dead letter "${letter}": ${error.message}; mend that, redrive the letter, then retry`;
  try {
    await stuck(driving, scribe, error.with({ message }));
  } catch (thrown) {
    // Somebody drives it on after all.
    if (thrown instanceof Superseded) return false;
    throw thrown;
  }
  await index.note(summaryOf(id, domain, scribe.state), true);
  return true;
}
