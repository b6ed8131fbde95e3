// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Host } from "../agent/host-options.ts";
import { isNotFound } from "../broker/broker-error.ts";
import type { Broker } from "../broker/connection.ts";
import { durableProgress } from "../broker/durable-progress.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { HeardDurable } from "./heard-durable.ts";
import type { ManualClock } from "./manual-clock.ts";
import { Movement } from "./movement.ts";
import { type SourceEnd, sourceEnds } from "./source-ends.ts";
import type { SourceMarks } from "./source-marks.ts";

/** Real milliseconds after which what was expected and does not come is asked for at the broker. */
const askAfterMs = 50;
/** Real milliseconds in which a mesh comes to rest; what takes longer is said to be what it is waited for. */
const patienceMs = 30_000;

/** A host of a namespace. */
export interface Settling {
  readonly clock: ManualClock;
  readonly hosted: Host;
  /** What its recorders have seen. */
  readonly marks: SourceMarks;
}

/** Waits until all hosts of one namespace in this process have come to rest. */
export class Settlement {
  readonly movement = new Movement();
  readonly #streams: readonly string[];
  readonly hosts = new Set<Settling>();
  /** What the projections have seen of the streams. */
  #projected = "";

  constructor(namespace: string) {
    const { events, commands } = streamNames(namespace);
    this.#streams = [events, commands];
  }

  /**
   * Resolves when nothing moves. What is under way is waited for until it ends; then the broker is asked whether there is more
   * than what has come here, and each connection is read out; where that brings nothing, nothing is on its way any more.
   *
   * @throws Error after thirty seconds, with what is still under way
   */
  async settled(broker: Broker): Promise<void> {
    const { movement } = this;
    const deadline = performance.now() + patienceMs;
    for (;;) {
      if (performance.now() > deadline) throw this.#tooLate();
      for (const { clock } of this.hosts) await clock.advance(0);
      if (!(await movement.still(deadline - performance.now()))) continue;
      const before = movement.version;
      const { awaited } = movement;
      if (awaited.length > 0) {
        if (!(await movement.changes(askAfterMs))) await this.#verify(broker, awaited);
        continue;
      }
      const [ends] = await Promise.all([this.#sourceEnds(broker), this.#readOut(broker)]);
      const behind = [...this.hosts].filter(({ marks }) => !marks.reach(ends));
      if (behind.length > 0) {
        if (await movement.changes(askAfterMs)) continue;
        for (const { marks } of behind) for (const stream of this.#streams) await marks.ask(broker, stream);
        continue;
      }
      if (!(await movement.still(deadline - performance.now())) || movement.version !== before) continue;
      const seen = JSON.stringify(ends);
      if (seen === this.#projected) return;
      await Promise.all(
        [...this.hosts].map(({ hosted }) => hosted.projections.upToDate(AbortSignal.timeout(patienceMs))),
      );
      this.#projected = seen;
    }
  }

  async #sourceEnds(broker: Broker): Promise<readonly SourceEnd[]> {
    return (await Promise.all(this.#streams.map((stream) => sourceEnds(broker, stream)))).flat();
  }

  /** Twice: what one connection had sent when it is answered the first time has come to all others when they are the second. */
  async #readOut(broker: Broker): Promise<void> {
    const connections = [broker, ...[...this.hosts].map(({ hosted }) => hosted.broker)].map(
      ({ connection }) => connection,
    );
    for (let round = 0; round < 2; round++) {
      await Promise.all(connections.map((connection) => (connection.isClosed() ? undefined : connection.flush())));
    }
  }

  /** Somebody else may have got what was expected here: another process, or a host that is no test mesh. */
  async #verify(broker: Broker, awaited: readonly HeardDurable[]): Promise<void> {
    for (const heard of awaited) {
      try {
        const { undelivered, unsettled, isPaused } = await durableProgress(broker, heard.durable);
        if (isPaused || (undelivered === 0 && unsettled === 0)) heard.nothingComes();
      } catch (error) {
        if (!isNotFound(error)) continue;
        heard.nothingComes();
      }
    }
  }

  #tooLate(): Error {
    const { underWay, awaited } = this.movement;
    const coming = awaited.map(({ durable, coming }) => `${coming} for "${durable.name}"`);
    return new Error(
      `the mesh has not come to rest within ${patienceMs} ms; under way: ${JSON.stringify(underWay)}; to come: ${coming.join(", ") || "nothing"}`,
    );
  }
}
