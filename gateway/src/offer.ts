// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import type { DescService } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Host, MeshError } from "@parley/mesh";
import { logger } from "@parley/mesh/calls";
import type { Contracts } from "@parley/mesh/contracts";

/** A service that can be called, by the contracts of its youngest instance. */
export interface Offered {
  readonly service: DescService;
  readonly contracts: Contracts;
}

/** How an offer is followed. */
export interface OfferInit {
  readonly host: Pick<Host, "directory" | "contractStore">;
  /** What of an instance's contracts is offered. */
  readonly part: (contracts: Contracts) => Contracts;
  /** Milliseconds that a service stays on offer after its last instance is gone: a restart is no end. */
  readonly lingerMs: number;
  /** Told of all that is offered, whenever that has changed. */
  readonly onOffer: (offered: readonly Offered[]) => void;
}

/** What the mesh offers now: follows the directory and looks up the contracts of whoever appears there. */
export class Offer implements Disposable {
  readonly #init: OfferInit;
  readonly #endListening: () => void;
  /** By digest; undefined when they cannot be used. */
  readonly #contracts = new Map<string, Contracts | undefined>();
  /** Services without an instance, and since when. */
  readonly #goneSince = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Digest of the contracts of each service. */
  #digests: ReadonlyMap<string, string> = new Map();
  #told: string | undefined;
  #again = false;
  #closed = false;
  #running: Promise<void> | undefined;

  constructor(init: OfferInit) {
    this.#init = init;
    this.#endListening = init.host.directory.onChange(() => this.#refreshLater());
  }

  /** Resolves when what the directory says now is on offer. */
  refresh(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#follow().finally(() => {
      this.#running = undefined;
      // Asked for after it had looked for the last time.
      if (this.#again && !this.#closed) this.#refreshLater();
    });
    return this.#running;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#endListening();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** What was on offer before stays when it fails. */
  #refreshLater(): void {
    this.refresh().catch((thrown: unknown) => {
      logger.error({ err: thrown }, "what the mesh offers now cannot be served");
    });
  }

  async #follow(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      this.#digests = this.#digestsNow();
      const needed = new Set(this.#digests.values());
      for (const digest of needed) await this.#learn(digest);
      for (const digest of this.#contracts.keys()) if (!needed.has(digest)) this.#contracts.delete(digest);
      if (!this.#closed) this.#tell();
    }
  }

  /** The directory speaks at every sign of life; mostly nothing has changed for us. */
  #tell(): void {
    const offered = [...this.#digests].flatMap(([name, digest]) => {
      const contracts = this.#contracts.get(digest);
      const service = contracts?.services.find(({ typeName }) => typeName === name);
      return contracts === undefined || service === undefined ? [] : [{ service, contracts, digest }];
    });
    const told = offered.map(({ service, digest }) => `${service.typeName} ${digest}`).join();
    if (told === this.#told) return;
    this.#told = told;
    this.#init.onOffer(offered);
  }

  /** Sorted by name. */
  #digestsNow(): ReadonlyMap<string, string> {
    const found = new Map(this.#fromDirectory());
    for (const name of found.keys()) this.#goneSince.delete(name);
    for (const [name, digest] of this.#digests) if (!found.has(name) && this.#lingers(name)) found.set(name, digest);
    return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** Oldest instance first, so that in a map the youngest one's word counts. */
  #fromDirectory(): (readonly [service: string, digest: string])[] {
    const profiles = [...this.#init.host.directory.all()].map((profile) => ({
      ...profile,
      at: profile.startedAt === undefined ? 0 : timestampMs(profile.startedAt),
    }));
    profiles.sort((a, b) => a.at - b.at);
    return profiles.flatMap(({ services, contractDigest }) => services.map((name) => [name, contractDigest] as const));
  }

  #lingers(name: string): boolean {
    const { lingerMs } = this.#init;
    const since = this.#goneSince.get(name);
    if (since !== undefined) return performance.now() - since < lingerMs;
    if (lingerMs <= 0) return false;
    this.#goneSince.set(name, performance.now());
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#refreshLater();
    }, lingerMs + 1).unref();
    this.#timers.add(timer);
    return true;
  }

  async #learn(digest: string): Promise<void> {
    if (this.#contracts.has(digest)) return;
    try {
      const contracts = await this.#init.host.contractStore.of(digest);
      if (contracts !== undefined) this.#contracts.set(digest, this.#init.part(contracts));
    } catch (thrown) {
      const error = MeshError.from(thrown);
      logger.error(
        { error: error.message, digest },
        "contracts of an instance cannot be used; its services are not served",
      );
      // The broker may be back at the next sign of life; what is wrong with contracts stays wrong.
      if (error.errorClass === "INVALID") this.#contracts.set(digest, undefined);
    }
  }
}
