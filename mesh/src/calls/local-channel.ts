// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage } from "@bufbuild/protobuf";
import { clone, type Message } from "@bufbuild/protobuf";
import { MeshError } from "../mesh-error.ts";
import type { Outgoing } from "../pipeline/outgoing.ts";
import { isStream, type Reply } from "../pipeline/step.ts";
import type { Channel } from "./channel.ts";
import type { ServedMethod, ServedMethods } from "./served-methods.ts";

/**
 * The channel to an agent in this process: no socket and no encoding, but the same server steps, the same errors, and
 * messages that are cloned both ways, so neither side can change what the other holds.
 */
export function localChannel(instance: string, served: ServedMethods): Channel {
  return {
    instance,
    address: undefined,
    async call(outgoing) {
      const method = served.get(outgoing.contract.name);
      if (method === undefined) {
        throw new MeshError({
          code: "UNIMPLEMENTED",
          message: `"${outgoing.contract.name}" is not served here`,
        });
      }
      return callLocally(method, outgoing);
    },
  };
}

async function callLocally(method: ServedMethod, outgoing: Outgoing): Promise<Reply> {
  const { input, output } = outgoing.contract.desc;
  const reply = await method.handle({
    operation: method.operation,
    header: outgoing.header,
    message: clone(input, outgoing.request),
    door: "local",
    trace: outgoing.trace,
    signal: outgoing.signal,
    remainingMs: outgoing.remainingMs,
  });
  if (isStream(reply)) return cloneEach(output, reply);
  return reply === undefined ? undefined : clone(output, reply);
}

async function* cloneEach(type: DescMessage, stream: AsyncIterable<Message>): AsyncGenerator<Message> {
  for await (const message of stream) yield clone(type, message);
}
