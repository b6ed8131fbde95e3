// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Interceptor, Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";

/** How calls are made. */
export interface TransportOptions {
  /** Conversation that the calls belong to. */
  readonly conversationId?: string | undefined;
}

/** Connect with JSON over HTTP/1.1: what every mesh and every proxy before one understands. */
export function transportTo(url: string, { conversationId }: TransportOptions = {}): Transport {
  const inConversation: Interceptor = (next) => (request) => {
    if (conversationId !== undefined) request.header.set("x-conversation-id", encodeURIComponent(conversationId));
    return next(request);
  };
  return createConnectTransport({
    baseUrl: url,
    httpVersion: "1.1",
    useBinaryFormat: false,
    interceptors: [inConversation],
  });
}
