// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { HostProcess, Told } from "./start-host.ts";

/** One run of a handler. */
export interface Run {
  readonly by: number;
  readonly id: string;
  readonly began: number;
  /** Unset while it runs, or when its process ended first. */
  readonly ended: number | undefined;
}

/** Ids of the messages of a key whose handlers ended, in every process; with repeats. */
export function endedOf(hosts: readonly HostProcess[], key: string): readonly string[] {
  const is = (told: Told) => told.kind === "ended" && told.key === key;
  return hosts.flatMap(({ told }) => told.filter(is).map(({ id = "" }) => id));
}

/** The runs of a key, in the order of their beginning. */
export function runsOf(hosts: readonly HostProcess[], key: string): readonly Run[] {
  const runs = hosts.flatMap(({ told }, by) => {
    const ofKey = told.filter((one) => one.key === key);
    return ofKey.flatMap(({ kind, id = "", at = 0 }, index) => {
      if (kind !== "began") return [];
      const end = ofKey.slice(index).find((later) => later.kind === "ended" && later.id === id);
      return [{ by, id, began: at, ended: end?.at }];
    });
  });
  return runs.sort((a, b) => a.began - b.began);
}

/** A handler that had begun when its process stood still is the one that can overlap with its successor elsewhere. */
const stoodStillMs = 5_000;

/** Runs that began in one process while another one had not ended. */
export function overlapsIn(runs: readonly Run[]): readonly Run[] {
  return runs.filter((run, index) => {
    const before = runs[index - 1];
    if (before?.ended === undefined || before.by === run.by) return false;
    return before.ended > run.began && before.ended - before.began < stoodStillMs;
  });
}
