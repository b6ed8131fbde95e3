// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { isDeepStrictEqual } from "node:util";
import type { StreamConfig, StreamInfo } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { MeshError } from "../mesh-error.ts";
import { isCreatedMeanwhile, isNotFound } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import type { WantedStream } from "./stream-configs.ts";

/**
 * Creates a stream, or puts right what the mesh needs of one that exists. Settings that an operator may choose are left
 * alone. Several hosts may do it at once.
 *
 * @returns whether anything was changed
 */
export async function ensureStream(broker: Broker, wanted: WantedStream, replicas?: number): Promise<boolean> {
  const needed = { ...wanted.needed, ...(replicas === undefined ? {} : { num_replicas: replicas }) };
  const existing = (await streamInfo(broker, wanted.name)) ?? (await create(broker, wanted, needed));
  if (existing === undefined) return true;
  if (existing.config.retention !== "limits")
    throw unsuitable(wanted.name, `has retention "${existing.config.retention}"`);
  const change = { ...needed, max_age: longerAge(existing.config.max_age, ageOf(wanted)) };
  if (holds(existing.config, change)) return false;
  await broker.manager.streams.update(wanted.name, { ...existing.config, ...change });
  return true;
}

/** What the broker says about a stream; undefined when there is none. */
export async function streamInfo(broker: Broker, name: string): Promise<StreamInfo | undefined> {
  try {
    return await broker.manager.streams.info(name);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Undefined when it was created here; what is there when somebody else was quicker. */
async function create(
  broker: Broker,
  wanted: WantedStream,
  needed: Partial<StreamConfig>,
): Promise<StreamInfo | undefined> {
  try {
    const initial = { num_replicas: defaultReplicas(broker), max_age: ageOf(wanted), ...wanted.initial };
    const settings = { name: wanted.name, ...initial, ...needed };
    await broker.manager.streams.add(settings);
    return undefined;
  } catch (error) {
    if (!isCreatedMeanwhile(error)) throw error;
    return broker.manager.streams.info(wanted.name);
  }
}

/** How many servers hold what is new, when nobody says otherwise. */
export function defaultReplicas(broker: Broker): number {
  return broker.connection.info?.cluster === undefined ? 1 : 3;
}

/** In nanoseconds; 0: without end. */
function ageOf(wanted: WantedStream): number {
  return wanted.retentionMs === undefined ? 0 : nanos(wanted.retentionMs);
}

function longerAge(left: number, right: number): number {
  return left === 0 || right === 0 ? 0 : Math.max(left, right);
}

function holds(actual: Readonly<Record<string, unknown>>, needed: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(needed).every(([name, value]) => isDeepStrictEqual(actual[name], value));
}

function unsuitable(name: string, why: string): MeshError {
  const message = `stream "${name}" ${why}, which the mesh cannot use; choose another namespace or remove the stream`;
  return new MeshError({ code: "BROKER_UNSUITABLE", message });
}
