// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// The broker room: the only place that knows NATS.

export type { EventAddress, HeardPart, MethodAddress } from "./addresses.ts";
export { type Appender, brokerAppender } from "./appender.ts";
export type { BucketChange } from "./bucket-watch.ts";
export { type ClusterOptions, type NatsCluster, startCluster } from "./cluster.ts";
export { type Broker, type BrokerOptions, connectBroker } from "./connection.ts";
export { keyOfToken, keyToken, nameToken } from "./key-token.ts";
export { type Bucket, type BucketEntry, type BucketOptions, openBucket } from "./key-value.ts";
export { type Lane, lanes } from "./lane.ts";
export { makeFolder } from "./make-folder.ts";
export { deleteNamespace } from "./namespace.ts";
export type { Appended, NewMessage } from "./new-message.ts";
export { type OpenedBroker, openBroker } from "./open-broker.ts";
export { ackWaitMs, type Durable, ensureDurable, type Pull, type PullOptions, pull } from "./pull-consumer.ts";
export type { PulledMessage } from "./pulled-message.ts";
export { type NatsServer, type ServerOptions, startServer } from "./server.ts";
export { findServerBinary } from "./server-binary.ts";
export { serverFloor } from "./server-version.ts";
export { type StreamNames, streamNames } from "./stream-names.ts";
export { ensureStreams, type StreamsOptions } from "./streams.ts";
export { durableName, type JournalKey, partitions, Subjects } from "./subjects.ts";
