// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { fromBinary } from "@bufbuild/protobuf";
import { SagaWaitersChangedSchema } from "@parley/contracts/parley/mesh/v1/saga_pb.js";
import type { Broker } from "../broker/connection.ts";
import { readLast } from "../broker/journal-stream.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import { derivedId } from "../ids.ts";
import type { CommitOrigin, Journals } from "../journal/journals.ts";
import { waiterJournal } from "./history.ts";
import { tellSaga } from "./scribe.ts";

/** Key of the waiter journal for those sagas of an agent that wait for one key of an event. */
export function waiterKey(agent: string, typeName: string, key: string): string {
  return derivedId("saga waiters", agent, typeName, key);
}

/** What waking takes. */
export interface WakeInit {
  readonly broker: Broker;
  readonly subjects: Subjects;
  readonly journals: Journals;
  readonly domain: string;
  /** Of the waiter journal. */
  readonly key: string;
  readonly origin: CommitOrigin;
}

/**
 * Wakes the sagas that wait at a key, all of them: each looks into its mailbox itself, and says again where it is to be found
 * when it goes on waiting. The leader is asked, since one that has just begun to wait counts.
 */
export async function wakeWaiters({ broker, subjects, journals, domain, key, origin }: WakeInit): Promise<void> {
  const at = waiterJournal(domain).at(key);
  const of = subjects.stateOf({ domain, journal: at.journal.name, key });
  const last = await readLast(broker, streamNames(subjects.namespace).journal(domain), { of, certain: true });
  if (last === undefined || fromBinary(SagaWaitersChangedSchema, last.payload).waiters.length === 0) return;
  await journals.commit(
    { at },
    ({ at: entry }, outbox) => {
      for (const sagaId of entry.state) tellSaga(outbox, { sagaId });
      if (entry.state.length > 0) entry.append(SagaWaitersChangedSchema, { waiters: [] });
      return null;
    },
    origin,
  );
}
