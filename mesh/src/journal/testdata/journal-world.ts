// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomBytes } from "node:crypto";
import type { DescMessage } from "@bufbuild/protobuf";
import { inject } from "vitest";
import {
  AccountChargedSchema,
  AccountDepositedSchema,
  AccountService,
} from "../../../../test/gen/parley/test/v1/account_pb.js";
import { brokerAppender } from "../../broker/appender.ts";
import { type Broker, connectBroker } from "../../broker/connection.ts";
import { readAfter } from "../../broker/journal-stream.ts";
import { deleteNamespace } from "../../broker/namespace.ts";
import type { StoredEntry } from "../../broker/stored-entry.ts";
import { streamNames } from "../../broker/stream-names.ts";
import { ensureStreams } from "../../broker/streams.ts";
import { Subjects } from "../../broker/subjects.ts";
import { Contracts } from "../../contracts/contracts.ts";
import { newId } from "../../ids.ts";
import { rootTrace } from "../../telemetry/propagation.ts";
import { ManualClock } from "../../testing/manual-clock.ts";
import { Compactor } from "../compactor.ts";
import { defineJournal, type JournalInit, type JournalKey } from "../define-journal.ts";
import type { Entries, Keys, Outbox, Sync } from "../entry.ts";
import { type CommitOrigin, Journals, type JournalsInit } from "../journals.ts";

export const domain = "parley.test.v1";

/** A balance in the smallest way. */
export function accountsJournal(
  settings: Partial<JournalInit<bigint, [typeof AccountDepositedSchema, typeof AccountChargedSchema]>> = {},
) {
  return defineJournal({
    name: "accounts",
    version: 1,
    events: [AccountDepositedSchema, AccountChargedSchema],
    initial: () => 0n,
    evolve: (balance, { $typeName, amount }) => (isDeposit($typeName) ? balance + amount : balance - amount),
    ...settings,
  });
}

function isDeposit(typeName: string): boolean {
  return typeName === AccountDepositedSchema.typeName;
}

/** One account. */
export type AccountKey = JournalKey<bigint, typeof AccountDepositedSchema | typeof AccountChargedSchema>;

/** A key of whatever journal. */
interface AnyKey {
  readonly journal: { readonly name: string };
  readonly key: string;
}

/** One process with journals: a connection, a cache and a queue of its own. */
export interface JournalHost {
  readonly broker: Broker;
  readonly compactor: Compactor;
  load<S, E extends DescMessage>(key: JournalKey<S, E>): Promise<S>;
  commit<K extends Keys, T>(
    keys: K,
    decide: (entries: Entries<K>, outbox: Outbox) => Sync<T>,
    origin?: Partial<CommitOrigin>,
  ): Promise<T>;
  /** Puts money on an account and gives its balance. */
  deposit(account: AccountKey, amount?: bigint, origin?: Partial<CommitOrigin>): Promise<bigint>;
}

/** A namespace with the streams of the test domain. */
export interface JournalWorld extends AsyncDisposable {
  readonly url: string;
  readonly broker: Broker;
  readonly namespace: string;
  readonly subjects: Subjects;
  readonly clock: ManualClock;
  /** Name of the journal stream. */
  readonly stream: string;
  host(init?: { readonly url?: string; readonly of?: Partial<JournalsInit> }): Promise<JournalHost>;
  /** What is stored of a key, oldest first. */
  stored(at: AnyKey): Promise<readonly StoredEntry[]>;
  /** Messages in the journal stream. */
  size(): Promise<number>;
}

/** What a host without long retentions has. */
export const handledForMs = 8 * 24 * 60 * 60_000;

/** Opens a world on the broker of the test run, or on the one at `url`. */
export async function openJournalWorld(url = inject("natsUrl"), replicas?: number): Promise<JournalWorld> {
  await using opening = new AsyncDisposableStack();
  const namespace = `test-${randomBytes(6).toString("hex")}`;
  const broker = opening.use(await connectBroker({ url, name: namespace }));
  opening.defer(() => deleteNamespace(broker, namespace));
  await ensureStreams(broker, { namespace, domains: [domain], replicas });
  const subjects = new Subjects(namespace);
  const stream = streamNames(namespace).journal(domain);
  const contracts = Contracts.of({ services: [AccountService] });
  const clock = new ManualClock();
  const opened = opening.move();
  return {
    url,
    broker,
    namespace,
    subjects,
    clock,
    stream,
    async host({ url: own = url, of = {} } = {}) {
      const connected = await connectBroker({ url: own, name: namespace });
      opened.use(connected);
      return journalHost(connected, { subjects, clock, contracts, ...of });
    },
    stored: (at) => {
      const filter = subjects.stateOf({ domain, journal: at.journal.name, key: at.key });
      return readAfter(broker, stream, { filter, sequence: 0 });
    },
    size: async () => (await broker.manager.streams.info(stream)).state.messages,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function journalHost(
  broker: Broker,
  init: Omit<JournalsInit, "broker" | "appender" | "handledForMs"> & Partial<JournalsInit>,
): JournalHost {
  const compactor = new Compactor(broker, init.subjects);
  const journals = new Journals({
    handledForMs,
    broker,
    appender: brokerAppender(broker),
    onCommitted: (committed) => compactor.consider(committed),
    ...init,
  });
  const host: JournalHost = {
    broker,
    compactor,
    load: (key) => journals.load(key),
    commit: (keys, decide, origin) => journals.commit(keys, decide, { ...anyOrigin(), ...origin }),
    deposit: (account, amount = 1n, origin = {}) =>
      host.commit(
        { account },
        (entries) => {
          entries.account.append(AccountDepositedSchema, { account: account.key, amount });
          return entries.account.state;
        },
        origin,
      ),
  };
  return host;
}

/** As a handler of a message that is new would commit. */
function anyOrigin(): CommitOrigin {
  return {
    source: "test.account",
    cause: undefined,
    trace: rootTrace(),
    signal: undefined,
    causeId: newId(),
    isKept: false,
    mayRepeat: false,
    domain,
    assertMayPublish: () => {},
    assertMayDispatch: () => {},
  };
}

/** Stores what no journal would: an event as some other writer might put it under a key. */
export async function storeForeign(
  world: JournalWorld,
  at: AnyKey,
  message: { readonly type: string; readonly version: number; readonly payload?: Uint8Array },
): Promise<number> {
  const { type, version, payload = new Uint8Array() } = message;
  const address = { domain, journal: at.journal.name, key: at.key };
  const headers = new Map([
    ["ce-type", type],
    ["ce-time", "2026-01-05T09:00:00Z"],
    ["parley-version", String(version)],
  ]);
  const subject = world.subjects.stateEvent(address, type, undefined);
  const { sequence } = await brokerAppender(world.broker).append({ subject, payload, headers, id: newId() });
  return sequence;
}
