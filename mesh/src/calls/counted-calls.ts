// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Traffic } from "../broker/traffic.ts";
import type { Channel } from "./channel.ts";
import type { ServedMethod } from "./served-methods.ts";

/** The same channel; calls over it are on their way until they are answered. */
export function countedChannel(channel: Channel, traffic: Traffic | undefined): Channel {
  if (traffic === undefined) return channel;
  return {
    instance: channel.instance,
    address: channel.address,
    call: (outgoing) => channel.call(outgoing).finally(traffic.calling(outgoing.header.messageId)),
  };
}

/** The same method; calls of it have come, and are not on their way again before its handler has ended. */
export function countedMethod(method: ServedMethod, traffic: Traffic | undefined): ServedMethod {
  if (traffic === undefined) return method;
  return {
    ...method,
    handle: (incoming) => method.handle(incoming).finally(traffic.serving(incoming.header.messageId)),
  };
}
