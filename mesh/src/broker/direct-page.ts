// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { createInbox, type Msg } from "@nats-io/transport-node";
import { MeshError } from "../mesh-error.ts";
import { answered } from "./answered.ts";
import type { Broker } from "./connection.ts";
import { underWay } from "./traffic.ts";

/** Messages of one filter, from a sequence on. */
export interface PageQuery {
  readonly filter: string;
  /** First sequence that may be in it, or milliseconds since the epoch from when on messages were stored. */
  readonly from: number | { readonly since: number };
  /** Most messages of the page. The broker gives fewer when they are large. */
  readonly maxMessages: number;
  /** Bytes of all together, after which the broker ends the page; default: its own limit, which is tens of megabytes. */
  readonly maxBytes?: number | undefined;
}

/** What one request brought. */
export interface DirectPage {
  /** As they came, with the headers in which the broker says where each is stored. */
  readonly messages: readonly Msg[];
  /** How many more the filter covers behind these. */
  readonly remaining: number;
}

/** Silence of the broker, in milliseconds, after which the page is taken to be lost. */
const silenceMs = 5_000;

/**
 * Asks any replica of a stream for messages. The client library has this too, but its version leaves a subscription behind on
 * each request, takes a page that the broker cut short for a whole one, and waits for ever when the connection is lost
 * half-way.
 *
 * @throws MeshError BROKER_UNAVAILABLE, JOURNAL_BROKEN when the stream is not there
 */
export async function directPage(broker: Broker, stream: string, query: PageQuery): Promise<DirectPage> {
  const { connection } = broker;
  const inbox = createInbox();
  const { promise, resolve, reject } = Promise.withResolvers<DirectPage>();
  const messages: Msg[] = [];
  let heardAt = Date.now();
  const subscription = connection.subscribe(inbox, {
    callback(error, message) {
      heardAt = Date.now();
      if (error !== null) return reject(error);
      // An event may be empty too; only what ends the page has a status.
      const status = message.headers?.code ?? 0;
      if (status === 0) messages.push(message);
      else if (status === 204) resolve({ messages, remaining: Number(message.headers?.get("Nats-Num-Pending") ?? 0) });
      else if (status === 404) resolve({ messages, remaining: 0 });
      else reject(unavailable(stream, `status ${status} ${message.headers?.description ?? ""}`));
    },
  });
  const watch = setInterval(() => {
    if (Date.now() - heardAt > silenceMs) reject(unavailable(stream, `no answer within ${silenceMs} ms`));
  }, silenceMs / 5);
  try {
    const { filter, from, maxMessages, maxBytes } = query;
    const begin = typeof from === "number" ? { seq: from } : { start_time: new Date(from.since).toISOString() };
    const request = JSON.stringify({ ...begin, next_by_subj: filter, batch: maxMessages, max_bytes: maxBytes });
    connection.publish(`$JS.API.DIRECT.GET.${stream}`, request, { reply: inbox });
    return await underWay(broker, query.filter, answered(broker, promise));
  } finally {
    clearInterval(watch);
    subscription.unsubscribe();
  }
}

function unavailable(stream: string, reason: string): MeshError {
  return new MeshError({ code: "BROKER_UNAVAILABLE", message: `reading stream "${stream}": ${reason}` });
}
