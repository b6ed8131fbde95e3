// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { SagaSummary } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import { journaledDomains } from "../broker/streams.ts";
import type { Clock } from "../clock.ts";
import type { Hearing } from "../delivery/hearing.ts";
import type { Incoming } from "../pipeline/incoming.ts";
import type { Step } from "../pipeline/step.ts";
import type { SagaGround } from "../sagas/driving.ts";
import { Mailbox } from "../sagas/mailbox.ts";
import { SagaDesk } from "../sagas/saga-desk.ts";
import { SagaIndex } from "../sagas/saga-index.ts";
import { sweepSagas } from "../sagas/sweep.ts";
import type { Ground } from "./ground.ts";
import { sagaHearings } from "./saga-hearings.ts";
import type { Speech } from "./speech.ts";

/** What sagas need beside ground and speech. */
export interface SagasInit {
  readonly clock: Clock;
  readonly random: () => number;
  readonly replicas: number | undefined;
  readonly steps: readonly Step<Incoming>[];
}

/** Makes ready what drives the sagas of the agents; nothing when they have none. */
export async function openSagas(
  { agents, broker, contracts, contractStore, directory, namespace }: Ground,
  { voice, subjects }: Speech,
  { clock, random, replicas, steps }: SagasInit,
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
  if (agents.every(({ sagas }) => sagas.length === 0)) return { hearings: [], desk };
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
  const isDriven = ({ agent, saga }: SagaSummary) =>
    agents.some(({ name, sagas }) => name === agent && sagas.some((one) => one.name === saga));
  await sweepSagas({ index: init.index, journals, clock, isDriven });
  return { hearings: sagaHearings(agents, init), desk };
}
