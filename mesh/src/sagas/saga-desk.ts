// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import {
  type SagaAsked,
  type SagaRecord,
  SagaRecordedSchema,
  SagaStatus,
  type SagaSummary,
} from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Clock } from "../clock.ts";
import type { Draft } from "../journal/draft.ts";
import type { Journals } from "../journal/journals.ts";
import { MeshError } from "../mesh-error.ts";
import { rootTrace } from "../telemetry/propagation.ts";
import { sagaOrigin } from "./driving.ts";
import { isOver, recordOf, type SagaState, sagaJournal, startOf } from "./history.ts";
import { listSagas, type SagaPage, type SagaQuery } from "./list-sagas.ts";
import { parseSagaId, type SagaId } from "./saga-id.ts";
import type { SagaIndex } from "./saga-index.ts";
import { childEnd, tellSaga } from "./scribe.ts";
import { summaryOf } from "./summary.ts";

/** Who wants something of a saga, and why. */
export interface AskedBy {
  /** Agent that asks. */
  readonly agent: string;
  /** Who, as they say themselves. */
  readonly by: string;
  readonly note: string;
}

/** A saga with the history of its newest run. */
export interface ShownSaga {
  readonly summary: SagaSummary;
  readonly records: readonly SagaRecord[];
}

/** What a desk is made of. */
export interface SagaDeskInit {
  readonly clock: Clock;
  readonly journals: Journals;
  readonly index: () => Promise<SagaIndex>;
  /** Proto packages that have a journal, those that this host knows first. */
  readonly domains: () => Promise<readonly string[]>;
}

interface Found {
  readonly id: SagaId;
  readonly domain: string;
  readonly state: SagaState;
}

/** Shows sagas of whatever agent, and has something done about them. */
export class SagaDesk {
  readonly #init: SagaDeskInit;
  readonly #domains = new Map<string, string>();

  constructor(init: SagaDeskInit) {
    this.#init = init;
  }

  /** @throws MeshError SAGA_INVALID when it is no id, NOT_FOUND when there is no such saga */
  async get(id: string): Promise<ShownSaga> {
    const found = await this.#find(parseSagaId(id));
    return { summary: summaryOf(found.id, found.domain, found.state), records: found.state.records };
  }

  /** A page of sagas. @throws MeshError INVALID_MESSAGE for a page token that is none */
  async list(query: SagaQuery): Promise<SagaPage> {
    return listSagas(await this.#init.index(), query, async ({ sagaId: id, domain }) => {
      const at = sagaJournal(domain).at(id);
      const state = await this.#init.journals.load(at);
      this.#init.journals.forget(at);
      return state.run === 0 ? undefined : summaryOf(parseSagaId(id), domain, state);
    });
  }

  /**
   * Has a saga undo what it did and end. Steps that are under way are waited for first.
   *
   * @throws MeshError SAGA_INVALID when it is over, NOT_FOUND
   */
  async cancel(id: string, asked: AskedBy): Promise<void> {
    await this.#ask(id, asked, { case: "cancel", value: true }, (state) => {
      if (isOver(state)) refuse(`saga "${id}" is ${SagaStatus[state.status]} already, so it cannot be canceled`);
    });
  }

  /** Lets a saga go on that needs attention. @throws MeshError SAGA_INVALID when it needs none, NOT_FOUND */
  async retry(id: string, asked: AskedBy): Promise<void> {
    await this.#ask(id, asked, { case: "retry", value: true }, (state) => assertStands(id, state));
  }

  /**
   * Ends a saga by hand that needs attention; the one that began it is told.
   *
   * @throws MeshError SAGA_INVALID when it needs none, NOT_FOUND
   */
  async resolve(id: string, asked: AskedBy): Promise<void> {
    await this.#ask(id, asked, { case: "resolve", value: true }, (state, outbox) => {
      assertStands(id, state);
      const parent = startOf(state)?.parent;
      if (parent === undefined) return;
      tellSaga(outbox, childEnd(parent, { status: SagaStatus.RESOLVED }));
    });
  }

  async #ask(
    id: string,
    { agent, by, note }: AskedBy,
    what: SagaAsked["what"],
    prepare: (state: SagaState, outbox: Draft) => void,
  ): Promise<void> {
    const { journals, clock } = this.#init;
    const { domain } = await this.#find(parseSagaId(id));
    const origin = sagaOrigin({ agent, domain, cause: undefined, trace: rootTrace(), signal: undefined });
    await journals.commit(
      { saga: sagaJournal(domain).at(id) },
      ({ saga }, outbox) => {
        prepare(saga.state, outbox);
        const record = recordOf({ case: "asked", value: { by, note, what } }, clock.now());
        saga.append(SagaRecordedSchema, { sagaId: id, records: [record] });
        tellSaga(outbox, { sagaId: id });
        return null;
      },
      origin,
    );
  }

  async #find(id: SagaId): Promise<Found> {
    const known = this.#domains.get(`${id.agent}/${id.saga}`);
    for (const domain of known === undefined ? await this.#init.domains() : [known]) {
      const at = sagaJournal(domain).at(id.id);
      const state = await this.#init.journals.load(at);
      this.#init.journals.forget(at);
      if (state.run === 0) continue;
      this.#domains.set(`${id.agent}/${id.saga}`, domain);
      return { id, domain, state };
    }
    const message = `there is no saga "${id.id}"; \`parley sagas list\` shows those there are`;
    throw new MeshError({ code: "NOT_FOUND", message });
  }
}

function assertStands(id: string, { status }: SagaState): void {
  if (status === SagaStatus.NEEDS_ATTENTION) return;
  refuse(`saga "${id}" is ${SagaStatus[status]}; only one that needs attention is retried or resolved`);
}

function refuse(message: string): never {
  throw new MeshError({ code: "SAGA_INVALID", message });
}
