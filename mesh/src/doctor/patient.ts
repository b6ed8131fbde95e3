// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import type { DurableSource } from "../broker/stream-configs.ts";
import type { StreamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { Finding } from "./finding.ts";

/** The mesh that is examined. */
export interface Patient {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly names: StreamNames;
  /** Proto packages that have a journal. */
  readonly domains: readonly string[];
  /** What EVENTS and COMMANDS are to take, by the stream that takes it. */
  readonly sources: ReadonlyMap<string, readonly DurableSource[]>;
  /** Messages of each stream that are looked at, from the newest back. */
  readonly sample: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Address of the broker's monitoring, e.g. `http://127.0.0.1:8222`. */
  readonly monitor: string | undefined;
}

/** One examination. Whatever it throws becomes a finding of its own. */
export type Check = (patient: Patient) => Promise<readonly Finding[]>;
