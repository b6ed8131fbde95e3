// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import type { Host } from "../agent/host-options.ts";
import { newestMessages } from "../broker/newest-messages.ts";
import { streamNames } from "../broker/stream-names.ts";
import { callLimits } from "../calls/limits.ts";

/** What is given when no limit is stated. */
const defaultLimit = 100;
/** As many bytes of letters as fit into one answer, with room for what else is in it. */
const maxBytes = callLimits.writeMaxBytes * 0.75;

/** The newest dead letters, newest first: `limit` (0: a hundred) or as many as fit into one answer. */
export async function newestDeadLetters({ broker, namespace }: Host, limit: number): Promise<readonly DeadLetter[]> {
  const stream = streamNames(namespace).dead;
  const payloads = await newestMessages(broker, { stream, maxMessages: limit || defaultLimit, maxBytes });
  return payloads.map((payload) => fromBinary(DeadLetterSchema, payload));
}
