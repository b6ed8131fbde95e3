// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";
import type { Saga } from "./saga.ts";

/** What an author says of a saga. */
export interface SagaInit<D extends DescMessage> {
  /** Names the saga within its agent: letters, digits and `_`. Never changes, since running sagas are found by it. */
  readonly name: string;
  /** Raise it when the code changes, and branch on `saga.version` for those that began with an older one. From 1. */
  readonly version: number;
  /** Event that begins one; a message that is no event begins one only as a step of another saga. */
  readonly startsOn: D;
  /** Events that it waits for. */
  readonly waits?: readonly DescMessage[] | undefined;
  /**
   * What it is about. There is one at a time of a key: an event that would begin a second one is tried again like a failed
   * one and becomes a dead letter at last. After its end the key is free.
   */
  readonly key: (event: MessageShape<D>) => string;
  /** What it does. Must do the same when it runs again; see {@link Saga}. */
  readonly run: (saga: Saga, event: MessageShape<D>) => Promise<void>;
}

/** A saga, ready to be listed by an agent. */
export interface SagaDefinition<D extends DescMessage = DescMessage> {
  readonly name: string;
  readonly version: number;
  readonly startsOn: D;
  readonly waits: readonly DescMessage[];
  /** Proto package whose journal holds its history: that of `startsOn`. */
  readonly domain: string;
  key(event: MessageShape<D>): string;
  run(saga: Saga, event: MessageShape<D>): Promise<void>;
}

/**
 * Defines a saga: several steps over time, each done once, undone in reverse when one fails. List it under `sagas` of an
 * agent.
 *
 * @throws MeshError SAGA_INVALID when the name or the version cannot be used
 */
export function defineSaga<D extends DescMessage>(init: SagaInit<D>): SagaDefinition<D> {
  const { name, version, startsOn, waits = [], key, run } = init;
  if (!/^[A-Za-z0-9_]{1,60}$/.test(name)) {
    refuse(`saga name ${JSON.stringify(name.slice(0, 80))} must be 1 to 60 letters, digits or "_"`);
  }
  if (!Number.isSafeInteger(version) || version < 1 || version > 0xffffffff) {
    refuse(`saga "${name}" has version ${version}; it must be a whole number from 1`);
  }
  return Object.freeze({ name, version, startsOn, waits, domain: startsOn.file.proto.package, key, run });
}

function refuse(message: string): never {
  throw new MeshError({ code: "SAGA_INVALID", message });
}
