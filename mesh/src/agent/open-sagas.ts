// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { journaledDomains } from "../broker/streams.ts";
import type { Clock } from "../clock.ts";
import type { Hearing } from "../delivery/hearing.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { Step } from "../pipeline/step.ts";
import type { SagaGround } from "../sagas/driving.ts";
import { Mailbox } from "../sagas/mailbox.ts";
import { SagaDesk } from "../sagas/saga-desk.ts";
import { SagaIndex } from "../sagas/saga-index.ts";
import { SagaSweeper } from "../sagas/sweep.ts";
import type { Ground } from "./ground.ts";
import { sagaHearings } from "./saga-hearings.ts";
import type { Speech } from "./speech.ts";

/** What sagas need beside ground and speech. */
export interface SagasInit {
  readonly clock: Clock;
  readonly random: () => number;
  readonly replicas: number | undefined;
  /** Real milliseconds. */
  readonly sweepMs: number | undefined;
  readonly steps: readonly Step<Incoming>[];
}

/** Makes ready what drives the sagas of the agents; nothing when they have none. What has to be ended goes onto `opening`. */
export async function openSagas(
  { agents, broker, contracts, contractStore, directory, namespace }: Ground,
  { voice, subjects }: Speech,
  { clock, random, replicas, sweepMs, steps }: SagasInit,
  opening: AsyncDisposableStack,
): Promise<{ readonly hearings: readonly Hearing[]; readonly desk: SagaDesk }> {
  const { journals, caller } = voice;
  let opened: Promise<SagaIndex> | undefined;
  const index = () => {
    opened ??= SagaIndex.open(broker, { namespace, replicas });
    // What failed is tried again when it is next asked for.
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const desk = new SagaDesk({
    clock,
    journals,
    index,
    async domains() {
      const journaled = await journaledDomains(broker, namespace);
      return [...journaled].sort(
        (a, b) => Number(contracts.domains.includes(b)) - Number(contracts.domains.includes(a)),
      );
    },
  });
  const having = agents.filter(({ sagas }) => sagas.length > 0);
  if (having.length === 0) return { hearings: [], desk };
  const ground: SagaGround = {
    clock,
    random,
    contracts,
    journals,
    caller,
    mailbox: new Mailbox(broker, subjects),
    traffic: broker.traffic,
    async methodNamed(name) {
      const own = contracts.methodNamed(name);
      if (own !== undefined) return own.desc;
      return (await contractStore.all(directory)).methodNamed(name)?.desc;
    },
  };
  const init = { ground, index: await index(), broker, subjects, steps };
  const own = new AbortController();
  opening.defer(() => own.abort());
  await new SagaSweeper({ index: init.index, journals, clock, agents: having, everyMs: sweepMs }).start(own.signal);
  return { hearings: sagaHearings(agents, init), desk };
}
