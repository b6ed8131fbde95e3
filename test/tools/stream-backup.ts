// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Broker } from "@parley/mesh/broker";

/** A stream as `nats stream backup` takes it: its settings, and its store with the places of its consumers. */
export interface StreamBackup {
  readonly stream: string;
  readonly config: unknown;
  readonly state: unknown;
  readonly chunks: readonly Uint8Array[];
}

/** Takes a stream while it is used. */
export async function backUpStream({ connection }: Broker, stream: string): Promise<StreamBackup> {
  const inbox = `_INBOX.backup.${Math.random().toString(36).slice(2)}`;
  const arriving = connection.subscribe(inbox);
  const request = JSON.stringify({ deliver_subject: inbox, no_consumers: false, chunk_size: 65_536 });
  const answer = (await connection.request(`$JS.API.STREAM.SNAPSHOT.${stream}`, request)).json<{
    readonly config: unknown;
    readonly state: unknown;
    readonly error?: unknown;
  }>();
  if (answer.error !== undefined) throw new Error(`no backup of "${stream}": ${JSON.stringify(answer.error)}`);
  const chunks: Uint8Array[] = [];
  for await (const message of arriving) {
    if (message.data.length === 0) break;
    chunks.push(message.data);
    message.respond();
  }
  return { stream, config: answer.config, state: answer.state, chunks };
}

/** Puts a stream that does not exist back. */
export async function restoreStream({ connection }: Broker, backup: StreamBackup): Promise<void> {
  const { stream, config, state, chunks } = backup;
  const request = JSON.stringify({ config, state });
  const answer = (await connection.request(`$JS.API.STREAM.RESTORE.${stream}`, request)).json<{
    readonly deliver_subject?: string;
    readonly error?: unknown;
  }>();
  const subject = answer.deliver_subject;
  if (subject === undefined) throw new Error(`"${stream}" is not restored: ${JSON.stringify(answer.error)}`);
  for (const chunk of chunks) await connection.request(subject, chunk);
  const done = (await connection.request(subject)).json<{ readonly error?: unknown }>();
  if (done.error !== undefined) throw new Error(`"${stream}" is not restored: ${JSON.stringify(done.error)}`);
}
