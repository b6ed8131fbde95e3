// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { CommitTicket } from "../journal/commit-ticket.ts";
import { MeshError } from "../mesh-error.ts";
import type { NamedProjection, Projection } from "./define-projection.ts";
import { type ProjectionStatus, RunningProjection } from "./running-projection.ts";

/** The projections that a host keeps up for its agents. */
export class Projections implements AsyncDisposable {
  readonly #running = new Map<NamedProjection, RunningProjection<unknown>>();
  readonly #broker: Broker;
  readonly #subjects: Subjects;

  constructor(broker: Broker, subjects: Subjects) {
    this.#broker = broker;
    this.#subjects = subjects;
  }

  /** Starts projections; resolves when each has all that there is now. One that several agents name runs once. */
  async start(projections: Iterable<NamedProjection>): Promise<void> {
    for (const named of new Set(projections)) {
      const projection = named as Projection<unknown>;
      this.#running.set(named, await RunningProjection.start(this.#broker, this.#subjects, projection));
    }
  }

  /**
   * The state of a projection. Not to be changed. May be behind by what was stored within the last moments.
   *
   * @throws MeshError REFUSED when no agent here names it, PROJECTION_BROKEN when it stands still
   */
  view<S>(projection: Projection<S>): S {
    return this.#of(projection).state;
  }

  /** Resolves when a projection has seen a commit. */
  async caughtUp<S>(projection: Projection<S>, ticket: CommitTicket, signal: AbortSignal): Promise<void> {
    await this.#of(projection).caughtUp(ticket, signal);
  }

  /** Resolves when a projection has all that was stored before this was asked. */
  async caughtUpWithAll<S>(projection: Projection<S>, signal: AbortSignal): Promise<void> {
    await this.#of(projection).caughtUpWithAll(signal);
  }

  /** Resolves when each has all that was stored before this was asked, those that stand still left out. */
  async upToDate(signal: AbortSignal): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map((running) => running.caughtUpWithAll(signal)));
  }

  /** Folds a projection anew from its first event; it serves its old state until then. */
  async rebuild<S>(projection: Projection<S>): Promise<void> {
    await this.#of(projection).rebuild();
  }

  /** How far each projection is. */
  get statuses(): readonly ProjectionStatus[] {
    return [...this.#running.values()].map(({ status }) => status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => running[Symbol.asyncDispose]()));
  }

  #of<S>(projection: Projection<S>): RunningProjection<S> {
    const running = this.#running.get(projection);
    if (running !== undefined) return running as RunningProjection<S>;
    const message = `projection "${projection.name}" does not run here; name it under the agent's projections`;
    throw new MeshError({ code: "REFUSED", message });
  }
}
