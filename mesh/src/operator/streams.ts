// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConsumerInfo, StreamInfo } from "@nats-io/jetstream";
import {
  type HearerStateSchema,
  StreamService,
  type StreamStateSchema,
} from "@parley/contracts/parley/mesh/v1/stream_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import type { Broker } from "../broker/connection.ts";
import { nameOfToken } from "../broker/key-token.ts";
import { firstOf } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";

/** Serves StreamService. */
export function streamService(attached: () => Promise<Host>): Served {
  return serve(StreamService, {
    async listStreams() {
      const { broker, namespace } = await attached();
      const prefix = streamNames(namespace).bucket("");
      const streams: MessageInitShape<typeof StreamStateSchema>[] = [];
      for await (const info of broker.manager.streams.list()) {
        const { name } = info.config;
        if (name.startsWith(prefix) || name.startsWith(`KV_${prefix}`)) streams.push(await stateOf(broker, info));
      }
      return { streams: streams.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1)) };
    },
  });
}

async function stateOf(broker: Broker, info: StreamInfo): Promise<MessageInitShape<typeof StreamStateSchema>> {
  const { state, config, cluster } = info;
  const hearers: MessageInitShape<typeof HearerStateSchema>[] = [];
  for await (const consumer of broker.manager.consumers.list(config.name)) {
    // Those of streams that source this one, and of watches, are no hearers.
    if (consumer.name.includes("~")) hearers.push(await hearerOf(broker, consumer));
  }
  return {
    name: config.name,
    messages: BigInt(state.messages),
    bytes: BigInt(state.bytes),
    maxBytes: BigInt(Math.max(0, config.max_bytes)),
    ...(state.messages === 0
      ? {}
      : { oldest: timestampFromDate(new Date(state.first_ts)), newest: timestampFromDate(new Date(state.last_ts)) }),
    replicas: config.num_replicas,
    leader: cluster?.leader ?? "",
    hearers: hearers.sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1)),
  };
}

async function hearerOf(broker: Broker, info: ConsumerInfo): Promise<MessageInitShape<typeof HearerStateSchema>> {
  const { name, stream_name: stream, num_pending, num_ack_pending, num_waiting, delivered, config } = info;
  const filters = config.filter_subjects ?? [config.filter_subject ?? ">"];
  const first =
    num_pending === 0
      ? []
      : await Promise.all(filters.map((filter) => firstOf(broker, stream, { filter, from: delivered.stream_seq + 1 })));
  const oldest = Math.min(...first.flatMap((stored) => (stored === undefined ? [] : [stored.storedAt])));
  const [agent = "", hearer = "", part = ""] = name.split("~").map(nameOfToken);
  return {
    ...{ name, agent, hearer, part },
    undelivered: BigInt(num_pending),
    unsettled: BigInt(num_ack_pending),
    waitingPulls: num_waiting,
    ...(Number.isFinite(oldest) ? { oldestUndelivered: timestampFromMs(oldest) } : {}),
  };
}
