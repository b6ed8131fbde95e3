// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromJsonString, type Message } from "@bufbuild/protobuf";
import type { PublishEventRequest } from "@parley/contracts/parley/mesh/v1/operator_pb.js";
import type { Host } from "../agent/host-options.ts";
import { ensureStreams } from "../broker/streams.ts";
import { callLimits } from "../calls/limits.ts";
import type { Contracts } from "../contracts/contracts.ts";
import type { EventContract } from "../contracts/policy.ts";
import type { MessageHeader } from "../header.ts";
import { MeshError } from "../mesh-error.ts";
import type { MeshContracts } from "./mesh-contracts.ts";

/** Publishes events of any contract in the mesh from their JSON, as a person writes them. */
export class HandPublisher {
  readonly #host: Host;
  readonly #contracts: MeshContracts;
  /** Domains whose streams are known to be there. */
  readonly #domains = new Set<string>();

  constructor(host: Host, contracts: MeshContracts) {
    this.#host = host;
    this.#contracts = contracts;
  }

  /**
   * Publishes as `source` and resolves when it is stored.
   *
   * @throws MeshError UNKNOWN_TYPE, UNDECODABLE when the JSON is no such event, and whatever publishing throws
   */
  async publish(request: PublishEventRequest, source: string): Promise<MessageHeader> {
    const contracts = await this.#contracts.all();
    const contract = await this.#contracts.event(request.event);
    const event = read(contract, request.json, contracts);
    await this.#ensureDomain(contract.domain);
    const conversationId = request.conversationId || undefined;
    return this.#host
      .publisherOf(contracts)
      .publish(contract.desc, event, { source, cause: undefined, conversationId });
  }

  /** Whoever brought the contract has made its streams; unless it only ever calls, and nobody has published there yet. */
  async #ensureDomain(domain: string): Promise<void> {
    if (this.#domains.has(domain)) return;
    const { broker, namespace } = this.#host;
    await ensureStreams(broker, { namespace, domains: [domain] });
    this.#domains.add(domain);
  }
}

function read({ desc, name }: EventContract, json: string, { registry }: Contracts): Message {
  try {
    // A field that is unknown is a typing mistake here.
    return fromJsonString(desc, json, { ...callLimits.jsonOptions, ignoreUnknownFields: false, registry });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MeshError({ code: "UNDECODABLE", message: `the JSON is no "${name}": ${why}`, cause });
  }
}
