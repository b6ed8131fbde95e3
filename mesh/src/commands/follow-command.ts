// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Command } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import type { Broker } from "../broker/connection.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import type { Subjects } from "../broker/subjects.ts";
import { hearTold } from "../broker/told.ts";
import { hasEnded } from "./command-facts.ts";
import { type Known, knownFrom } from "./statuses.ts";

/** Real milliseconds after which it is looked all the same: what the broker tells of a change may be lost with a leader. */
const lookAgainMs = 10_000;

/** What is followed, and until when. */
export interface FollowInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly id: string;
  /** Gives the command as the leader knows it now. */
  readonly look: () => Promise<Known>;
  readonly signal: AbortSignal | undefined;
}

/**
 * A command now and after each change, until it has ended. The broker tells of each change when it is stored, and tells it whole: no
 * consumer is made for it, and nothing is read again but every ten seconds. Changes that follow close upon each other are seen as one. Throws the
 * signal's reason when it aborts.
 */
export async function* followCommand(init: FollowInit): AsyncGenerator<Command> {
  const { broker, subjects, id, look, signal } = init;
  let woken = Promise.withResolvers<void>();
  let told: StoredEntry | undefined;
  let mustLook = true;
  const wake = () => woken.resolve();
  const lookAgain = () => {
    mustLook = true;
    wake();
  };
  const end = hearTold(broker, {
    subject: subjects.toldOf(id),
    onTold(entry) {
      told = entry;
      wake();
    },
  });
  const endReconnect = broker.onReconnect(lookAgain);
  const timer = setInterval(lookAgain, lookAgainMs);
  timer.unref();
  signal?.addEventListener("abort", wake, { once: true });
  try {
    for (let seen: Known | undefined; ; ) {
      signal?.throwIfAborted();
      woken = Promise.withResolvers<void>();
      const isAsked = mustLook;
      mustLook = false;
      // What was stored before the leader was asked is in its answer already.
      const news: StoredEntry | undefined =
        told !== undefined && told.sequence > (seen?.revision ?? 0) ? told : undefined;
      const known: Known | undefined = isAsked ? await look() : news && knownFrom(news);
      signal?.throwIfAborted();
      if (known !== undefined) {
        if (!isSame(known.command, seen?.command)) yield known.command;
        if (hasEnded(known.command)) return;
        seen = known;
      }
      await woken.promise;
    }
  } finally {
    clearInterval(timer);
    endReconnect();
    end();
    signal?.removeEventListener("abort", wake);
  }
}

function isSame(command: Command, seen: Command | undefined): boolean {
  const keys = ["state", "attempts", "cancelRequested", "instance", "sequence"] as const;
  return seen !== undefined && keys.every((key) => command[key] === seen[key]);
}
