// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { derivedId } from "../ids.ts";
import { MeshError } from "../mesh-error.ts";

/** What a saga's id is made of. */
export interface SagaName {
  readonly agent: string;
  readonly saga: string;
  readonly key: string;
}

/** A saga's id and its parts. */
export interface SagaId extends SagaName {
  /** `agent/saga/key`. */
  readonly id: string;
}

/** The id of a saga; the key may hold anything, the others hold no `/`. */
export function sagaId({ agent, saga, key }: SagaName): SagaId {
  return { agent, saga, key, id: `${agent}/${saga}/${key}` };
}

/** @throws MeshError SAGA_INVALID when it is no id of a saga */
export function parseSagaId(id: string): SagaId {
  const [, agent, saga, key] = /^([^/]+)\/([^/]+)\/(.*)$/s.exec(id) ?? [];
  if (agent !== undefined && saga !== undefined && key !== undefined) return { agent, saga, key, id };
  const message = `${JSON.stringify(id.slice(0, 200))} is no saga id; write agent/saga/key, as \`parley sagas list\` shows`;
  throw new MeshError({ code: "SAGA_INVALID", message });
}

/** What a step is told apart by, whichever host does it. */
export interface StepName {
  readonly sagaId: string;
  readonly run: number;
  readonly step: string;
}

/** Message id of a step's call, and so what its callee knows a repeat by. */
export function stepId({ sagaId: id, run, step }: StepName): string {
  return derivedId("saga step", id, run, step);
}

/** Message id of the call that undoes a step. */
export function undoId({ sagaId: id, run, step }: StepName): string {
  return derivedId("saga undo", id, run, step);
}

/** Name of the hearer that wakes the sagas of a definition. */
export function wakeHearer(saga: string): string {
  return `saga.${saga}.wake`;
}

/** Name of the hearer that brings the sagas of an agent an event that they wait for. */
export function mailHearer(typeName: string): string {
  return `saga.mail.${typeName}`;
}

/** Name of the hearer that begins them. */
export function startHearer(saga: string): string {
  return `saga.${saga}`;
}
