// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { SagaRecord, SagaStarted, SagaStepEnded } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";
import { type Ask, callAsk, childAsk, failureOf, sleepAsk, waitAsk } from "./ask.ts";
import type { SagaDefinition } from "./define-saga.ts";
import { maxHistoryBytes, maxSteps } from "./limits.ts";
import type { Saga } from "./saga.ts";
import type { SagaId } from "./saga-id.ts";

/** How the code came to its end. */
export type CodeEnd = { readonly kind: "returned" } | { readonly kind: "threw"; readonly error: MeshError };

interface Asked extends Ask {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs the code of a saga: takes what it asks for, gives it what came of it, and does nothing itself. */
export class Player {
  readonly #asks: Ask[] = [];
  readonly #open = new Map<string, Asked>();
  readonly #steps = new Set<string>();
  readonly #started: SagaStarted;
  readonly #id: SagaId;
  #bytes: number;
  #now: number;
  #randoms = 0;
  #end: CodeEnd | undefined;
  #stirred: () => void = () => {};

  constructor(definition: SagaDefinition, id: SagaId, first: SagaRecord, started: SagaStarted) {
    this.#id = id;
    this.#started = started;
    this.#bytes = started.input.length;
    this.#now = timeOf(first);
    const input = fromBinary(definition.startsOn, started.input);
    // A turn later, so that a throw in its first line is a rejection like any other.
    Promise.resolve()
      .then(() => definition.run(this.#face(definition), input))
      .then(
        () => this.#ended({ kind: "returned" }),
        (thrown: unknown) => this.#ended({ kind: "threw", error: MeshError.from(thrown) }),
      );
  }

  /** How the code ended; undefined while it runs. */
  get end(): CodeEnd | undefined {
    return this.#end;
  }

  /** Steps asked for and not taken yet. */
  get asks(): readonly Ask[] {
    return this.#asks;
  }

  /** The next step that it asks for. */
  takeAsk(): Ask | undefined {
    return this.#asks.shift();
  }

  /** Lets the code do all that it can do now. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Resolves when the code asks for something or ends; false when `ms` real milliseconds pass first. */
  async stirs(ms: number): Promise<boolean> {
    if (this.#asks.length > 0 || this.#end !== undefined) return true;
    let timer: NodeJS.Timeout | undefined;
    const stirred = new Promise<boolean>((resolve) => {
      this.#stirred = () => resolve(true);
      timer = setTimeout(resolve, ms, false);
    });
    const result = await stirred;
    clearTimeout(timer);
    return result;
  }

  /** Gives the code what came of a step, and lets it go on. */
  async deliver(ended: SagaStepEnded, at: number): Promise<void> {
    const asked = this.#open.get(ended.step);
    this.#open.delete(ended.step);
    this.#now = Math.max(this.#now, at);
    this.#bytes += ended.reply?.length ?? 0;
    const failure = failureOf(ended);
    if (failure !== undefined) asked?.reject(failure);
    else asked?.resolve(asked.decode(ended));
    await this.turn();
  }

  #face(definition: SagaDefinition): Saga {
    const { id, key } = this.#id;
    return {
      id,
      key,
      version: this.#started.version,
      call: (step, method, request, options = {}) =>
        this.#ask(step, () => callAsk(step, { method, request, options })) as never,
      all: (...steps) => allOf(steps),
      waitFor: (step, event, options) => {
        const isKnown = definition.waits.some(({ typeName }) => typeName === event.typeName);
        return this.#ask(step, () => (isKnown ? waitAsk(step, event, { ...options, now: this.#now }) : unheard(event)));
      },
      sleepUntil: (step, at) => this.#ask(step, () => sleepAsk(step, at)),
      now: () => new Date(this.#now),
      random: () => randomOf(id, this.#started.run, ++this.#randoms),
      child: (step, saga, input) => this.#ask(step, () => childAsk(step, saga, input)),
    };
  }

  /** What it throws rejects the step: authors await all of them in one way. */
  #ask<T>(step: string, make: () => Ask): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      this.#admit(step);
      const ask = make();
      this.#bytes += ask.begun.request.length + (ask.begun.undo?.request.length ?? 0);
      this.#asks.push(ask);
      this.#open.set(step, { ...ask, resolve: resolve as (value: unknown) => void, reject });
      this.#stirred();
    });
    // One that nobody awaits must not end the process.
    promise.catch(() => {});
    return promise;
  }

  #admit(step: string): void {
    if (typeof step !== "string" || step === "" || step.length > 200) {
      throw invalid(`a step has the name ${JSON.stringify(String(step).slice(0, 80))}; give it 1 to 200 characters`);
    }
    if (this.#steps.has(step)) throw invalid(`step "${step}" is asked for twice; each step has a name of its own`);
    if (this.#steps.size >= maxSteps || this.#bytes > maxHistoryBytes) {
      const message = `"${this.#id.id}" has ${this.#steps.size} steps and ${this.#bytes} bytes of history; at most ${maxSteps} and ${maxHistoryBytes} are kept: let it begin another saga as a step`;
      throw new MeshError({ code: "SAGA_TOO_LONG", message });
    }
    this.#steps.add(step);
  }

  #ended(end: CodeEnd): void {
    this.#end = end;
    this.#stirred();
  }
}

/** Milliseconds since the epoch of a record. */
export function timeOf({ at }: SagaRecord): number {
  return at === undefined ? 0 : timestampMs(at);
}

async function allOf<T extends readonly Promise<unknown>[]>(
  steps: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(steps);
  const values = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  return values as { -readonly [K in keyof T]: Awaited<T[K]> };
}

/** A number that follows from who asks, and for the how-manieth time. */
function randomOf(id: string, run: number, count: number): number {
  return Buffer.from(derivedId("saga random", id, run, count), "base64url").readUIntBE(0, 6) / 2 ** 48;
}

function unheard({ typeName }: DescMessage): never {
  throw invalid(`it waits for "${typeName}", which its definition does not name under "waits"`);
}

function invalid(message: string): MeshError {
  return new MeshError({ code: "SAGA_INVALID", message });
}
