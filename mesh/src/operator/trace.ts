// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type DeadLetter, DeadLetterSchema } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { RecordKind, type TraceRecordSchema, TraceService } from "@parley/contracts/parley/mesh/v1/trace_pb.js";
import type { Host } from "../agent/host-options.ts";
import { type Served, serve } from "../agent/serve.ts";
import { isForOneHearer } from "../broker/read-subject.ts";
import type { StoredEntry } from "../broker/stored-entry.ts";
import { streamNames } from "../broker/stream-names.ts";
import { pages } from "../broker/stream-scan.ts";
import { journaledDomains } from "../broker/streams.ts";
import { Subjects } from "../broker/subjects.ts";
import { decodeHeaderValue, readHeader } from "../header-codec.ts";
import { wireHeader } from "../wire-header.ts";

type TraceRecord = MessageInitShape<typeof TraceRecordSchema>;

/** Serves TraceService. */
export function traceService(attached: () => Promise<Host>): Served {
  return serve(TraceService, {
    async *trace({ id, since }) {
      const host = await attached();
      let read = 0;
      for (const source of await sourcesOf(host)) {
        const { stream, filter } = source;
        const query = { stream, filter, from: { since: since === undefined ? 0 : timestampMs(since) }, atOnce: 1_000 };
        for await (const page of pages(host.broker, query)) {
          read += page.length;
          for (const stored of page) {
            const record = source.open(stored);
            if (record !== undefined && isOf(record, id)) yield { record, read: BigInt(read) };
          }
          yield { read: BigInt(read) };
        }
      }
    },
  });
}

/** Messages of one kind, and how one is read; undefined when it is none, or cannot be read. */
interface Source {
  readonly stream: string;
  readonly filter: string;
  readonly open: (stored: StoredEntry) => TraceRecord | undefined;
}

async function sourcesOf({ broker, namespace }: Host): Promise<readonly Source[]> {
  const names = streamNames(namespace);
  const subjects = new Subjects(namespace);
  const domains = await journaledDomains(broker, namespace);
  return [
    { stream: names.events, filter: subjects.all("evt"), open: event },
    ...domains.map((domain) => ({
      stream: names.journal(domain),
      filter: subjects.privateState(domain),
      open: (stored: StoredEntry) => opened(stored, RecordKind.PRIVATE_EVENT),
    })),
    { stream: names.commands, filter: ">", open: (stored: StoredEntry) => opened(stored, RecordKind.COMMAND) },
    { stream: names.dead, filter: subjects.all("dead"), open: deadLetter },
  ];
}

function event(stored: StoredEntry): TraceRecord | undefined {
  // What was sent to one hearer again says nothing new.
  return isForOneHearer(stored.subject) ? undefined : opened(stored, RecordKind.EVENT);
}

function opened({ headers, storedAt }: StoredEntry, kind: RecordKind): TraceRecord | undefined {
  try {
    const message = readHeader((name) => headers.get(name), storedAt);
    if (message === undefined) return undefined;
    const key = headers.get("ce-subject");
    return {
      kind,
      header: wireHeader(message),
      key: key === undefined ? "" : decodeHeaderValue("ce-subject", key),
      storedAt: timestampFromMs(storedAt),
      traceId: traceIdIn(headers.get("traceparent")),
    };
  } catch {
    // Whoever handles it tells of it; it can be of no flow that is known.
    return undefined;
  }
}

function deadLetter({ payload, storedAt }: StoredEntry): TraceRecord | undefined {
  const letter = letterIn(payload);
  if (letter?.header === undefined) return undefined;
  const { agent, hearer, header, headers, error } = letter;
  return {
    kind: RecordKind.DEAD_LETTER,
    header,
    storedAt: timestampFromMs(storedAt),
    traceId: traceIdIn(headers["traceparent"]),
    gaveUp: `${agent} ${hearer}`,
    ...(error === undefined ? {} : { error }),
  };
}

/** Anybody may write into the stream: what is no letter must not end the trace of something else. */
function letterIn(payload: Uint8Array): DeadLetter | undefined {
  try {
    return fromBinary(DeadLetterSchema, payload);
  } catch {
    return undefined;
  }
}

function isOf({ header, traceId }: TraceRecord, id: string): boolean {
  if (header === undefined) return false;
  const { messageId, correlationId, conversationId, workflowId } = header;
  return [messageId, correlationId, conversationId, workflowId, traceId].includes(id);
}

/** Of `00-<trace id>-<span id>-<flags>`. */
function traceIdIn(traceparent = ""): string {
  return /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] ?? "";
}
