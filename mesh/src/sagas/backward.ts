// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SagaStatus, SagaStepKind } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { sleep } from "../clock.ts";
import { isUnary } from "../contracts/unary-method.ts";
import { crashPoint } from "../crash-point.ts";
import { errorDetail } from "../error-detail.ts";
import { MeshError } from "../mesh-error.ts";
import { type CallOutcome, callStep, type Driving } from "./driving.ts";
import { holdMs } from "./limits.ts";
import { sagaId } from "./saga-id.ts";
import { Interrupted, type SagaTell, type Scribe } from "./scribe.ts";
import { type ToUndo, undoPlan } from "./undo-plan.ts";

/** Where undoing leads: it is left to a wake-up, all is undone, or it cannot go on. */
export type BackwardEnd = { readonly kind: "parked" | "over" } | { readonly kind: "stuck"; readonly error: MeshError };

/**
 * Undoes what a saga did, newest step first, by what its history says alone: no code of the saga runs. Each undo is tried by
 * its contract's schedule; one that fails for good stops it, since the steps before may rely on it.
 */
export class Backward {
  readonly #driving: Driving;
  readonly #scribe: Scribe;
  readonly #towards: SagaStatus;

  constructor(driving: Driving, scribe: Scribe, towards: SagaStatus) {
    this.#driving = driving;
    this.#scribe = scribe;
    this.#towards = towards;
  }

  /** @throws what storing throws, Superseded */
  async run(): Promise<BackwardEnd> {
    const { ground, signal } = this.#driving;
    for (;;) {
      signal.throwIfAborted();
      const [next] = undoPlan(this.#scribe.records, this.#towards);
      if (next === undefined) return { kind: "over" };
      // What went before must be stored: who takes over must not undo it twice, and must know that it goes back.
      if (!(await this.#write())) continue;
      const earlyMs = next.notBefore - ground.clock.now();
      if (earlyMs > holdMs) {
        if (await this.#park(next.notBefore)) return { kind: "parked" };
        continue;
      }
      if (earlyMs > 0) await sleep(ground.clock, earlyMs, signal);
      const end = next.begun.kind === SagaStepKind.CHILD ? await this.#undoChild(next) : await this.#undo(next);
      if (end !== undefined) return end;
    }
  }

  async #undo({ begun: { step }, undo, isKnown, attempts }: ToUndo): Promise<BackwardEnd | undefined> {
    if (undo === undefined || !isKnown) {
      return stuck(`step "${step}" may have been done, and its undo is made of a reply that never came`);
    }
    const method = await this.#driving.ground.methodNamed(undo.method);
    const outcome: CallOutcome =
      method !== undefined && isUnary(method)
        ? await callStep(this.#driving, {
            step,
            isUndo: true,
            method,
            request: fromBinary(method.input, undo.request),
            attempt: attempts + 1,
            undoable: false,
          })
        : nobodyKnows(undo.method, attempts);
    if (outcome.kind === "replied") {
      this.#scribe.add({ case: "undone", value: { step } });
      return undefined;
    }
    if (outcome.kind === "failed") {
      return stuck(`step "${step}" cannot be undone by "${undo.method}": ${outcome.error.message}`, outcome.error);
    }
    const due = timestampFromMs(Math.ceil(this.#driving.ground.clock.now() + outcome.delayMs));
    const value = { step, undo: true, attempt: outcome.attempts, due, error: errorDetail(outcome.error) };
    this.#scribe.add({ case: "delayed", value });
    return undefined;
  }

  /** Has a saga that was begun as a step undo itself, and is left to a wake-up until that is over. */
  async #undoChild({ begun: { step, target, key } }: ToUndo): Promise<BackwardEnd | undefined> {
    const { id: own, started } = this.#driving;
    const status = this.#childStatus(step);
    if (status === SagaStatus.COMPENSATED || status === SagaStatus.RESOLVED) {
      this.#scribe.add({ case: "undone", value: { step } });
      return undefined;
    }
    const tell = {
      sagaId: sagaId({ agent: own.agent, saga: target, key }).id,
      wake: { cancel: { sagaId: own.id, step, run: started.run } },
    };
    return (await this.#park(undefined, [tell])) ? { kind: "parked" } : undefined;
  }

  #childStatus(step: string): SagaStatus | undefined {
    const ends = this.#scribe.records.flatMap(({ what }) =>
      what.case === "asked" && what.value.what.case === "childEnded" && what.value.what.value.step === step
        ? [what.value.what.value.status]
        : [],
    );
    return ends.at(-1);
  }

  async #park(due: number | undefined, more: readonly SagaTell[] = []): Promise<boolean> {
    this.#scribe.add({ case: "parked", value: due === undefined ? {} : { due: timestampFromMs(due) } });
    const wake = due === undefined ? [] : [{ sagaId: this.#driving.id.id, due }];
    const isStored = await this.#write([...wake, ...more]);
    if (!isStored) this.#scribe.drop("parked");
    crashPoint("saga.parked", this.#driving.id.saga);
    return isStored;
  }

  async #write(tells: readonly SagaTell[] = []): Promise<boolean> {
    if (this.#scribe.unstored.length === 0) return true;
    try {
      await this.#scribe.write({ tells });
      return true;
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      await this.#scribe.refresh();
      return false;
    }
  }
}

/** Its agent may just be away; how long that is waited for, no contract says here. */
function nobodyKnows(method: string, attempts: number): CallOutcome {
  const message = `nobody who is alive serves "${method}"; start its agent, then retry`;
  const error = new MeshError({ code: "UNAVAILABLE", message });
  const delayMs = unknownDelaysMs[attempts];
  if (delayMs === undefined) return { kind: "failed", error };
  return { kind: "delayed", error, delayMs, attempts: attempts + 1 };
}

const unknownDelaysMs: readonly number[] = [1_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000];

function stuck(message: string, cause?: MeshError): BackwardEnd {
  const error = cause?.with({ message }) ?? new MeshError({ code: "SAGA_FAILED", message, mayHaveRun: true });
  return { kind: "stuck", error };
}
