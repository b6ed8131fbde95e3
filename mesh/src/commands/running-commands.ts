// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { hearSignals, sendSignal } from "../broker/signals.ts";
import type { Subjects } from "../broker/subjects.ts";
import { newId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";

/** One run: its signal aborts when the run shall stop, for whatever reason. */
export interface StoppableRun extends Disposable {
  readonly signal: AbortSignal;
}

/** The commands that run in this process, so that one can be told to stop. */
export class RunningCommands {
  readonly instance: string;
  readonly #runs = new Map<string, Set<AbortController>>();

  /** @param instance id of the host in the directory */
  constructor(instance: string) {
    this.instance = instance;
  }

  /** Hears, until the returned function is called, who shall stop. */
  async open(broker: Broker, subjects: Subjects): Promise<() => void> {
    const onSignal = ({ payload }: { readonly payload: Uint8Array }) => this.stop(new TextDecoder().decode(payload));
    return hearSignals(broker, { subject: subjects.stop(this.instance), onSignal });
  }

  /** Begins a run; dispose of it at its end. @param given aborts it too */
  begin(id: string, given: AbortSignal | undefined): StoppableRun {
    const controller = new AbortController();
    const runs = this.#runs.get(id) ?? new Set();
    this.#runs.set(id, runs.add(controller));
    const pass = () => controller.abort(given?.reason);
    if (given?.aborted) pass();
    given?.addEventListener("abort", pass, { once: true });
    return {
      signal: controller.signal,
      [Symbol.dispose]: () => {
        given?.removeEventListener("abort", pass);
        runs.delete(controller);
        if (runs.size === 0) this.#runs.delete(id);
      },
    };
  }

  /** Aborts the runs of a command here. */
  stop(id: string): void {
    const message = `command "${id}" was taken back while it ran`;
    const reason = new MeshError({ code: "COMMAND_CANCELLED", message, mayHaveRun: true });
    for (const controller of this.#runs.get(id) ?? []) controller.abort(reason);
  }
}

/** Asks an instance to stop a command that it runs; nothing happens when it cannot be reached. */
export function askToStop(
  broker: Broker,
  subjects: Subjects,
  run: { readonly id: string; readonly instance: string },
): void {
  if (run.instance === "") return;
  try {
    const payload = new TextEncoder().encode(run.id);
    sendSignal(broker, { subject: subjects.stop(run.instance), payload, headers: new Map(), id: newId() });
  } catch {
    // What was written is enough: whoever tries it next finds it taken back.
  }
}
