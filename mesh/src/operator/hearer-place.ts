// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "../broker/connection.ts";
import { durableFilters } from "../broker/durable.ts";
import { durableHearers } from "../broker/durable-hearers.ts";
import { streamNames } from "../broker/stream-names.ts";
import { MeshError } from "../mesh-error.ts";

/** One hearer of one agent, or one method. */
export interface HearerName {
  readonly agent: string;
  readonly hearer: string;
}

/** What hearers have a place for in a mesh; what it has been asked once it knows, so that work on many messages asks once. */
export class HearerPlaces {
  readonly #broker: Broker;
  readonly #namespace: string;
  readonly #known = new Map<string, Promise<readonly string[]>>();

  constructor(broker: Broker, namespace: string) {
    this.#broker = broker;
    this.#namespace = namespace;
  }

  /**
   * The filters under which a hearer has its place. An instance need not be alive: what is sent meanwhile waits there.
   *
   * @throws MeshError NOT_FOUND when it has none: what is sent to it would wait for nobody
   */
  async of({ agent, hearer }: HearerName): Promise<readonly string[]> {
    const { events, commands } = streamNames(this.#namespace);
    const stream = hearer.includes("/") ? commands : events;
    const key = JSON.stringify([agent, hearer]);
    const known = this.#known.get(key) ?? durableFilters(this.#broker, stream, { agent, hearer });
    this.#known.set(key, known);
    const filters = await known.catch((error: unknown) => {
      this.#known.delete(key);
      throw error;
    });
    if (filters.length > 0) return filters;
    const there = await durableHearers(this.#broker, stream, agent);
    const others = there.length === 0 ? "" : `; the agent has ${there.map((name) => `"${name}"`).join(", ")}`;
    const message = `hearer "${hearer}" of agent "${agent}" has no place in stream "${stream}": it was renamed or removed, or no instance has ever run; start one, or name another${others}`;
    throw new MeshError({ code: "NOT_FOUND", message });
  }
}
