// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { performance } from "node:perf_hooks";
import type { AgentProfile } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { WireProtocol } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Traffic } from "../broker/traffic.ts";
import type { Balancer, Candidate } from "../calls/balancing/balancer.ts";
import { balancerOf } from "../calls/balancing/balancer-of.ts";
import { ChannelLoad } from "../calls/balancing/channel-load.ts";
import { measured } from "../calls/balancing/measured-channel.ts";
import type { Channel } from "../calls/channel.ts";
import { countedChannel } from "../calls/counted-calls.ts";
import { type HttpChannel, httpChannel } from "../calls/http-channel.ts";
import { localChannel } from "../calls/local-channel.ts";
import type { ServedMethods } from "../calls/served-methods.ts";
import type { MethodContract } from "../contracts/policy.ts";
import type { Directory } from "../directory/directory.ts";

/** What routes are made of. */
export interface RoutesInit {
  readonly instance: string;
  readonly served: ServedMethods;
  readonly directory: Directory;
  readonly random: () => number;
  /** Is told of the calls that leave this process. */
  readonly traffic: Traffic | undefined;
}

/** A way to an endpoint, and how the calls of each service on it go. */
interface Way {
  readonly http: HttpChannel;
  readonly services: Map<string, Pick<Candidate, "channel" | "load">>;
}

/** The instances of a service, until the directory changes. */
interface Choice {
  readonly trusted: readonly Candidate[];
  /** Signs of life of these are overdue: they are tried when no other is left. */
  readonly doubtful: readonly Candidate[];
}

/**
 * Chooses where a call goes: into this process when the agent is here, else to the instances that the directory knows, in the
 * order that the contract's balancing gives.
 */
export class Routes implements Disposable {
  readonly #init: RoutesInit;
  readonly #local: Channel;
  readonly #ways = new Map<string, Way>();
  readonly #balancers = new Map<string, Balancer>();
  readonly #choices = new Map<string, Choice>();

  constructor(init: RoutesInit) {
    this.#init = init;
    this.#local = localChannel(init.instance, init.served);
  }

  /** Channels to all instances that serve the method now, the chosen one first. */
  to(contract: MethodContract): readonly Channel[] {
    if (this.#init.served.has(contract.name)) return [this.#local];
    const { trusted, doubtful } = this.#choice(contract);
    const order = this.#balancer(contract)(trusted);
    return [...order, ...doubtful].map(({ channel }) => channel);
  }

  /** Forgets what followed from an earlier directory; lets go of endpoints that no instance has any more, where calls in progress go on. */
  refresh(): void {
    this.#choices.clear();
    const alive = new Set(this.#init.directory.all().map(wayKey));
    for (const [key, { http }] of this.#ways) {
      if (alive.has(key)) continue;
      http.close();
      this.#ways.delete(key);
    }
  }

  [Symbol.dispose](): void {
    for (const { http } of this.#ways.values()) http.abort();
    this.#ways.clear();
    this.#choices.clear();
  }

  #balancer({ serviceName, balancing }: MethodContract): Balancer {
    let balancer = this.#balancers.get(serviceName);
    if (balancer === undefined) {
      balancer = balancerOf(balancing, { random: this.#init.random, now: () => performance.now() });
      this.#balancers.set(serviceName, balancer);
    }
    return balancer;
  }

  #choice({ serviceName, agent }: MethodContract): Choice {
    let choice = this.#choices.get(serviceName);
    if (choice === undefined) {
      const { directory } = this.#init;
      // Whoever else says that it serves this is not believed: the contract names the one agent that may.
      const instances = directory.instancesOf(serviceName).filter(({ name }) => name === agent);
      const candidates = (doubtful: boolean) =>
        instances
          .filter((each) => directory.isDoubtful(each) === doubtful)
          .map((each) => this.#candidate(serviceName, each));
      choice = { trusted: candidates(false), doubtful: candidates(true) };
      this.#choices.set(serviceName, choice);
    }
    return choice;
  }

  #candidate(service: string, profile: AgentProfile): Candidate {
    const { http, services } = this.#way(profile);
    let way = services.get(service);
    if (way === undefined) {
      const load = new ChannelLoad();
      way = { load, channel: countedChannel(measured(http, load), this.#init.traffic) };
      services.set(service, way);
    }
    const { channel, load } = way;
    return { id: profile.id, weight: Math.max(1, profile.weight), channel, load };
  }

  #way(profile: AgentProfile): Way {
    const key = wayKey(profile);
    let way = this.#ways.get(key);
    if (way === undefined) {
      const { endpoint, protocol } = profile;
      const http = httpChannel(endpoint, endpoint, protocol === WireProtocol.CONNECT ? "connect" : "grpc");
      way = { http, services: new Map() };
      this.#ways.set(key, way);
    }
    return way;
  }
}

function wayKey({ endpoint, protocol }: AgentProfile): string {
  return `${protocol} ${endpoint}`;
}
