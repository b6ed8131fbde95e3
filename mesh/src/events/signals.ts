// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { hearSignals, type Signal } from "../broker/signals.ts";
import { durableName, type Subjects } from "../broker/subjects.ts";
import type { Hearing } from "../delivery/hearing.ts";
import { openMessage } from "../delivery/open-message.ts";
import { MeshError } from "../mesh-error.ts";
import { extract } from "../telemetry/propagation.ts";

/** Signals that one hearer has in hand at once in this process; more are lost, or memory had no bound. */
const maxInHand = 1_000;

/** What the hearing of signals is made of. */
export interface SignalsInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  /** Told of each signal that was not handled, for whatever reason: nothing else remembers it. */
  readonly onLost: (hearing: Hearing, error: MeshError) => void;
}

/**
 * Hears AT_MOST_ONCE events of a host: each once per agent by one of its instances, or never. Nothing is tried again and
 * nothing is buried; the handler has the same pipeline around it as any other.
 */
export class Signals {
  readonly #init: SignalsInit;
  readonly #stops: (() => void)[] = [];
  readonly #abandoned = new AbortController();
  readonly #inHand = new Set<Promise<void>>();

  constructor(init: SignalsInit) {
    this.#init = init;
  }

  /** Signals that are being handled now. */
  get moving(): number {
    return this.#inHand.size;
  }

  /** Begins to hear; what was sent before is not heard. */
  async begin(hearing: Hearing): Promise<void> {
    const { broker, subjects } = this.#init;
    const { operation } = hearing;
    let inHand = 0;
    const stop = await hearSignals(broker, {
      subject: subjects.heardSignal(operation.name),
      group: durableName(operation.agent, operation.handler),
      onSignal: (signal) => {
        const { valve } = hearing;
        if (valve?.isOpen === false) return this.#init.onLost(hearing, heldBack(hearing, valve.reasons));
        if (inHand >= maxInHand) return this.#init.onLost(hearing, overloaded(hearing));
        inHand++;
        const work = this.#hear(signal, hearing).finally(() => {
          inHand--;
          this.#inHand.delete(work);
        });
        this.#inHand.add(work);
      },
    });
    this.#stops.push(stop);
  }

  /** Hears nothing more; what is being handled goes on. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
  }

  /** Resolves when nothing is being handled any more; handlers that take longer than `graceMs` are told to stop. */
  async settled(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#abandoned.abort(), graceMs);
    await Promise.allSettled(this.#inHand);
    clearTimeout(timer);
  }

  async #hear(signal: Signal, hearing: Hearing): Promise<void> {
    try {
      const { header, message } = openMessage(signal, hearing.operation.input);
      await hearing.handle({
        operation: hearing.operation,
        header,
        message,
        door: "delivery",
        trace: extract((name) => signal.headers.get(name)),
        signal: this.#abandoned.signal,
        remainingMs: undefined,
      });
    } catch (thrown) {
      this.#init.onLost(hearing, MeshError.from(thrown));
    }
  }
}

/** Nobody keeps a signal until its hearer may hear again. */
function heldBack({ operation }: Hearing, reasons: readonly string[]): MeshError {
  const message = `"${operation.name}" is lost to "${operation.handler}" of "${operation.agent}": held back by ${reasons.join(", ")}`;
  return new MeshError({ code: "UNAVAILABLE", message });
}

function overloaded({ operation }: Hearing): MeshError {
  const message = `"${operation.name}" is lost to "${operation.handler}" of "${operation.agent}": ${maxInHand} are in hand already`;
  return new MeshError({ code: "OVERLOADED", message });
}
