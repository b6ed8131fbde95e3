// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { SagaStatus, type SagaSummary } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { type Clock, sleep, systemClock } from "../clock.ts";
import type { Journals } from "../journal/journals.ts";
import { logger } from "../telemetry/logger.ts";
import { rootTrace } from "../telemetry/propagation.ts";
import { sagaOrigin } from "./driving.ts";
import { lostMs } from "./limits.ts";
import type { SagaIndex } from "./saga-index.ts";
import { tellSaga } from "./scribe.ts";

/** What a sweeper is made of. */
export interface SagaSweeperInit {
  readonly index: SagaIndex;
  readonly journals: Journals;
  readonly clock: Clock;
  /** Agents that have sagas here. */
  readonly agents: readonly { readonly name: string; readonly sagas: readonly { readonly name: string }[] }[];
  /** Real milliseconds between two sweeps for an agent, by whichever host; default a minute. */
  readonly everyMs?: number | undefined;
}

const defaultEveryMs = 60_000;
/** Milliseconds beyond which a wake-up is not just late. */
const overdueMs = 60_000;
/** Real milliseconds in which one host does not wake a saga again that stands as before: that long what wakes it is tried. */
const restMs = 30 * 60_000;

/**
 * Wakes sagas whom nobody has woken: a wake-up waits for an instance as long as EVENTS keeps it, and the agent may have been away
 * for longer. One host at a time does so for an agent. Waking a saga that needs none does nothing, so two do no harm.
 */
export class SagaSweeper {
  readonly #init: SagaSweeperInit;
  /** When sagas were woken from here last in real time, by their ids and how they stood. */
  readonly #woken = new Map<string, number>();

  constructor(init: SagaSweeperInit) {
    this.#init = init;
  }

  /** Sweeps, then again and again until the signal aborts. Resolves after the first time. @throws what reading and storing throw */
  async start(signal: AbortSignal): Promise<void> {
    await this.#sweep();
    void this.#goOn(signal);
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    const { everyMs = defaultEveryMs } = this.#init;
    for (;;) {
      try {
        // It costs the same whatever a test's clock says, and has to do with faults, which come in real time.
        await sleep(systemClock, everyMs, signal);
        await this.#sweep();
      } catch (error) {
        if (signal.aborted) return;
        logger.warn({ err: error }, "it could not be looked for sagas that nobody wakes; it is tried again");
      }
    }
  }

  async #sweep(): Promise<void> {
    const { index, clock, agents, everyMs = defaultEveryMs } = this.#init;
    const now = systemClock.now();
    const mine = new Set<string>();
    for (const { name } of agents) if (await index.takeTurn(name, { now, everyMs: everyMs / 2 })) mine.add(name);
    if (mine.size === 0) return;
    for (const [standing, at] of this.#woken) if (now - at >= restMs) this.#woken.delete(standing);
    for (const summary of await index.openSagas()) {
      const isDriven = agents.some(
        ({ name, sagas }) => name === summary.agent && sagas.some((one) => one.name === summary.saga),
      );
      const standing = `${summary.sagaId} ${summary.changedAt && timestampMs(summary.changedAt)}`;
      if (!isDriven || !mine.has(summary.agent) || this.#woken.has(standing)) continue;
      const why = whyWoken(summary, clock.now());
      if (why === undefined) continue;
      await this.#wake(summary, why === "lost");
      this.#woken.set(standing, now);
    }
  }

  async #wake({ sagaId, agent, domain }: SagaSummary, lost: boolean): Promise<void> {
    const origin = sagaOrigin({ agent, domain, cause: undefined, trace: rootTrace(), signal: undefined });
    await this.#init.journals.commit({}, (_, outbox) => tellSaga(outbox, { sagaId, wake: { lost } }) ?? null, origin);
  }
}

/** Undefined: it is not to be woken, as far as the index knows. */
function whyWoken({ status, due, changedAt }: SagaSummary, now: number): "overdue" | "lost" | undefined {
  if (status === SagaStatus.NEEDS_ATTENTION) return undefined;
  if (changedAt !== undefined && now - timestampMs(changedAt) > lostMs && (due === undefined || timestampMs(due) < now))
    return "lost";
  return due !== undefined && timestampMs(due) < now - overdueMs ? "overdue" : undefined;
}
