// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { MessageHeaderSchema, type MessageHeader as WireHeader } from "@parley/contracts/parley/mesh/v1/header_pb.js";
import { Priority as WirePriority } from "@parley/contracts/parley/mesh/v1/policy_pb.js";
import type { MessageHeader } from "./header.ts";

/** A header as protobuf, for dead letters and operator answers. On messages themselves it travels as headers. */
export function wireHeader(header: MessageHeader): WireHeader {
  const { timestamp, priority, expires, ...same } = header;
  const { causationId = "", conversationId = "", workflowId = "", targetAgentId = "" } = header;
  return create(MessageHeaderSchema, {
    ...same,
    causationId,
    conversationId,
    workflowId,
    targetAgentId,
    timestamp: timestampFromMs(timestamp),
    priority: WirePriority[priority ?? "UNSPECIFIED"],
    ...(expires === undefined ? {} : { expires: timestampFromMs(expires) }),
  });
}
