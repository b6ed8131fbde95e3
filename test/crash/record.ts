// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { type Broker, streamNames } from "@parley/mesh/broker";
import { file_parley_crash_v1_teller } from "../gen/parley/crash/v1/teller_pb.js";

/** Proto package of the scenario. */
export const domain = "parley.crash.v1";

/** A stored message, as the broker gives it. */
export interface Stored {
  readonly sequence: number;
  readonly subject: string;
  readonly header: (name: string) => string;
  readonly payload: Uint8Array;
}

/** A stored event, opened. */
export interface StoredEvent extends Stored {
  readonly id: string;
  /** Id of the message that brought it about. */
  readonly cause: string;
  /** Short name of its type. */
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of the journal it is state of; undefined for events without state. */
  readonly place: { readonly journal: string; readonly key: string; readonly version: number } | undefined;
}

/** What a snapshot says. */
export interface StoredSnapshot {
  readonly place: string;
  readonly version: number;
  readonly state: Readonly<Record<string, number>>;
}

/** What the streams hold at the end of a run, read from the broker itself. */
export interface StreamRecord {
  readonly journal: readonly StoredEvent[];
  readonly snapshots: readonly StoredSnapshot[];
  readonly events: readonly StoredEvent[];
  /** Where the messages stood that were given up: stream sequence and hearer. */
  readonly dead: readonly { readonly sequence: number; readonly hearer: string; readonly why: string }[];
  /** Stored marks that a message was handled. */
  readonly marks: number;
}

const types = new Map<string, DescMessage>(
  file_parley_crash_v1_teller.messages.map((type) => [type.typeName, type] as const),
);

/** Reads everything. */
export async function readRecord(broker: Broker, namespace: string): Promise<StreamRecord> {
  const names = streamNames(namespace);
  const journal = await readStream(broker, names.journal(domain));
  const part = ({ subject }: Stored, index: number) => subject.split(".")[index] ?? "";
  const { DeadLetterSchema } = await import("@parley/contracts/parley/mesh/v1/dead_letter_pb.js");
  const letters = (await readStream(broker, names.dead)).map(({ payload }) => fromBinary(DeadLetterSchema, payload));
  return {
    journal: journal.filter((each) => ["st", "out"].includes(part(each, 3))).map(journalEvent),
    snapshots: journal.filter((each) => part(each, 3) === "snap").map(snapshot),
    marks: journal.filter((each) => part(each, 3) === "in").length,
    events: (await readStream(broker, names.events)).filter(isOfScenario).map(sourcedEvent),
    dead: letters.map(({ sequence, hearer, error, attempts }) => ({
      sequence: Number(sequence),
      hearer,
      why: `${error?.code} ${error?.message}, ${attempts.length} tries`,
    })),
  };
}

/** The mesh tells of its own as well, e.g. that an instance was lost. */
function isOfScenario({ header }: Stored): boolean {
  return header("ce-type").startsWith(`${domain}.`);
}

async function readStream(broker: Broker, stream: string): Promise<Stored[]> {
  const { state } = await broker.manager.streams.info(stream);
  const stored: Stored[] = [];
  for (let first = state.first_seq; first <= state.last_seq; first += 32) {
    const count = Math.min(32, state.last_seq - first + 1);
    const sequences = Array.from({ length: count }, (_, index) => first + index);
    const found = await Promise.all(
      sequences.map((seq) => broker.manager.streams.getMessage(stream, { seq }).catch(() => null)),
    );
    for (const message of found) {
      if (message === null) continue;
      const { seq: sequence, subject, data: payload, header: headers } = message;
      const read = (name: string) => {
        const given = headers.keys().find((key) => key.toLowerCase() === name.toLowerCase());
        return given === undefined ? "" : headers.get(given);
      };
      stored.push({ sequence, subject, header: read, payload });
    }
  }
  return stored;
}

function open(stored: Stored): Omit<StoredEvent, "place"> {
  const typeName = stored.header("ce-type");
  const type = types.get(typeName);
  if (type === undefined) throw new Error(`"${typeName}" on "${stored.subject}" is no event of the scenario`);
  const fields = fromBinary(type, stored.payload) as unknown as Readonly<Record<string, unknown>>;
  return { ...stored, id: stored.header("ce-id"), cause: stored.header("ce-causationid"), type: type.name, fields };
}

function journalEvent(stored: Stored): StoredEvent {
  const [, , , kind, journal = "", key = ""] = stored.subject.split(".");
  const version = Number(stored.header("parley-version"));
  return { ...open(stored), place: kind === "st" ? { journal, key, version } : undefined };
}

function sourcedEvent(stored: Stored): StoredEvent {
  const event = open(stored);
  const version = Number(stored.header("parley-version"));
  const key = stored.subject.split(".").at(-1) ?? "";
  return { ...event, place: version > 0 ? { journal: "accounts", key, version } : undefined };
}

function snapshot({ subject, payload }: Stored): StoredSnapshot {
  const [, , , , journal, key] = subject.split(".");
  const { version, state } = JSON.parse(new TextDecoder().decode(payload));
  return { place: `${journal}/${key}`, version, state };
}
