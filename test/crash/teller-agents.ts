// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Agent, defineAgent, defineJournal, MeshError, on, onCommit, serve } from "@parley/mesh";
import {
  MoneyDepositedSchema,
  MoneyTransferredSchema,
  MoneyWithdrawnSchema,
  NoteMailedSchema,
  NoteTakenSchema,
  TallyCountedSchema,
  TellerService,
} from "../gen/parley/crash/v1/teller_pb.js";

/** Account that gets one of each transfer. */
export const house = "house";

/** Accounts, with snapshots and compaction as often as can be. */
const accounts = defineJournal({
  name: "accounts",
  version: 1,
  snapshotEvery: 2,
  compact: true,
  events: [MoneyDepositedSchema, MoneyWithdrawnSchema],
  initial: () => ({ balance: 0 }),
  evolve(state, event) {
    switch (event.$typeName) {
      case "parley.crash.v1.MoneyDeposited":
        return { balance: state.balance + event.amount };
      case "parley.crash.v1.MoneyWithdrawn":
        return { balance: state.balance - event.amount };
    }
  },
});

/** Accounts as a version saw them that knows no withdrawals yet. */
const olderAccounts = defineJournal({
  name: "accounts",
  version: 0,
  snapshotEvery: 2,
  events: [MoneyDepositedSchema],
  initial: () => ({ balance: 0 }),
  evolve: (state, event) => ({ balance: state.balance + event.amount }),
});

/** What hearers counted. Keeps its whole history. */
const tallies = defineJournal({
  name: "tallies",
  version: 1,
  snapshotEvery: 2,
  events: [TallyCountedSchema],
  initial: () => ({ count: 0 }),
  evolve: ({ count }) => ({ count: count + 1 }),
});

/** Keeps the accounts. */
function tellerAgent(): Agent {
  return defineAgent({
    name: "crash.teller",
    publishes: [NoteTakenSchema],
    serves: [
      serve(TellerService, {
        deposit: ({ account, amount, reference }, ctx) =>
          ctx.commit({ account: accounts.at(account) }, (entries) => {
            entries.account.append(MoneyDepositedSchema, { account, amount, reference });
            return { balance: entries.account.state.balance };
          }),
        transfer: ({ from, to, amount, reference }, ctx) =>
          ctx.commit({ from: accounts.at(from), to: accounts.at(to) }, (entries, outbox) => {
            const { balance } = entries.from.state;
            if (balance < amount) return { done: false, balance };
            entries.from.append(MoneyWithdrawnSchema, { account: from, amount, reference });
            entries.to.append(MoneyDepositedSchema, { account: to, amount, reference });
            outbox.publish(MoneyTransferredSchema, { reference, amount });
            return { done: true, balance: entries.from.state.balance };
          }),
      }),
    ],
  });
}

/** Hears what the teller does: a chain of commits, and counts. */
function bookkeeperAgent(): Agent {
  return defineAgent({
    name: "crash.bookkeeper",
    hears: [
      onCommit(
        MoneyDepositedSchema,
        { name: "tally", keys: ({ account }) => ({ tally: tallies.at(`account-${account}`) }) },
        ({ account, reference }, { tally }) =>
          tally.append(TallyCountedSchema, { tally: `account-${account}`, reference }),
      ),
      onCommit(
        MoneyTransferredSchema,
        { name: "fee", keys: () => ({ house: accounts.at(house) }) },
        ({ reference }, entries) =>
          entries.house.append(MoneyDepositedSchema, { account: house, amount: 1, reference: `fee-${reference}` }),
      ),
      onCommit(
        NoteMailedSchema,
        { name: "archive", keys: ({ note }) => ({ tally: tallies.at(`mail-${note}`) }) },
        ({ note }, { tally }) => tally.append(TallyCountedSchema, { tally: `mail-${note}`, reference: note }),
      ),
    ],
  });
}

/** Is told of an effect outside, with the id by which a mail provider knows repeats. */
type Mail = (note: string, id: string) => void;

/** Mails notes: an effect outside of the mesh, then an event. */
function mailerAgent(mail: Mail, isCured: boolean): Agent {
  return defineAgent({
    name: "crash.mailer",
    hears: [
      on(NoteTakenSchema, { name: "mail" }, async ({ note }, ctx) => {
        if (note.startsWith("poison") && !isCured) {
          throw new MeshError({ code: "INVALID_MESSAGE", message: `"${note}" cannot be mailed` });
        }
        mail(note, ctx.idempotencyKey);
        await ctx.publish(NoteMailedSchema, { note });
      }),
    ],
  });
}

/** All agents of the scenario. @param isCured what could not be mailed can be now */
export function tellerAgents(mail: Mail, isCured = false): readonly Agent[] {
  return [tellerAgent(), bookkeeperAgent(), mailerAgent(mail, isCured)];
}

/** The teller as it was before there were withdrawals. */
export function olderTeller(): Agent {
  return defineAgent({
    name: "crash.teller",
    serves: [
      serve(TellerService, {
        deposit: ({ account, amount, reference }, ctx) =>
          ctx.commit({ account: olderAccounts.at(account) }, (entries) => {
            entries.account.append(MoneyDepositedSchema, { account, amount, reference });
            return { balance: entries.account.state.balance };
          }),
        transfer: () => {
          throw new MeshError({ code: "UNAVAILABLE", message: "not yet" });
        },
      }),
    ],
  });
}
