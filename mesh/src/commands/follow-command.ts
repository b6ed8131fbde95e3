// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import { hearSignals } from "../broker/signals.ts";
import type { Subjects } from "../broker/subjects.ts";
import { hasEnded } from "./command-facts.ts";

/** Real milliseconds after which it is looked all the same: what the broker tells of a change may be lost with a leader. */
const lookAgainMs = 10_000;

/** What is followed, and until when. */
export interface FollowInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly id: string;
  /** Gives the command as it is now. */
  readonly look: () => Promise<Command>;
  readonly signal: AbortSignal | undefined;
}

/**
 * A command now and after each change, until it has ended. The broker tells of each change when it is stored; no consumer is made
 * for it. Changes that follow close upon each other are seen as one. Throws the signal's reason when it aborts.
 */
export async function* followCommand(init: FollowInit): AsyncGenerator<Command> {
  const { broker, subjects, id, look, signal } = init;
  let changed = Promise.withResolvers<void>();
  const onChange = () => changed.resolve();
  const end = await hearSignals(broker, { subject: subjects.toldOf(id), onSignal: onChange });
  const endReconnect = broker.onReconnect(onChange);
  const timer = setInterval(onChange, lookAgainMs);
  timer.unref();
  signal?.addEventListener("abort", onChange, { once: true });
  try {
    for (let seen: Command | undefined; ; ) {
      signal?.throwIfAborted();
      changed = Promise.withResolvers<void>();
      const command = await look();
      signal?.throwIfAborted();
      if (!isSame(command, seen)) yield command;
      if (hasEnded(command)) return;
      seen = command;
      await changed.promise;
    }
  } finally {
    clearInterval(timer);
    endReconnect();
    end();
    signal?.removeEventListener("abort", onChange);
  }
}

function isSame(command: Command, seen: Command | undefined): boolean {
  const keys = ["state", "attempts", "cancelRequested", "instance", "sequence"] as const;
  return seen !== undefined && keys.every((key) => command[key] === seen[key]);
}
