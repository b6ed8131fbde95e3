// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { type Appender, brokerAppender } from "../appender.ts";
import { type Broker, connectBroker } from "../connection.ts";
import { deleteNamespace } from "../namespace.ts";
import type { NewMessage } from "../new-message.ts";
import { type StreamNames, streamNames } from "../stream-names.ts";
import { ensureStreams } from "../streams.ts";
import { Subjects } from "../subjects.ts";

/** The broker of the run, in a namespace that is deleted at the end. */
export interface TestBroker extends AsyncDisposable {
  readonly broker: Broker;
  readonly namespace: string;
  readonly subjects: Subjects;
  readonly names: StreamNames;
  readonly appender: Appender;
}

export const domain = "parley.test.v1";
export const happened = { domain, typeName: "parley.test.v1.Happened", priority: "HIGH" } as const;

/** @param url default: the one broker that the tests of a run share */
export async function openTestBroker(url: string = inject("natsUrl")): Promise<TestBroker> {
  const namespace = `t-${randomUUID().slice(0, 8)}`;
  const broker = await connectBroker({ url, name: "test" });
  await ensureStreams(broker, { namespace, domains: [domain] });
  return {
    broker,
    namespace,
    subjects: new Subjects(namespace),
    names: streamNames(namespace),
    appender: brokerAppender(broker),
    async [Symbol.asyncDispose]() {
      await deleteNamespace(broker, namespace);
      await broker.close();
    },
  };
}

/** A message of text. */
export function textMessage(subject: string, id: string, text = id): NewMessage {
  return { subject, id, payload: new TextEncoder().encode(text), headers: new Map([["ce-id", id]]) };
}

/** Subjects and texts of all that a stream holds, in order, once it holds `count`. */
export async function contentOf(
  broker: Broker,
  stream: string,
  count: number,
): Promise<readonly (readonly [string, string])[]> {
  for (;;) {
    const { state } = await broker.manager.streams.info(stream);
    if (state.messages >= count) {
      const found: (readonly [string, string])[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const message = await broker.manager.streams.getMessage(stream, { seq });
        if (message !== null) found.push([message.subject, message.string()]);
      }
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
