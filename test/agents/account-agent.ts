// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { defineAgent, defineJournal, onCommit, serve } from "@parley/mesh";
import {
  AccountChargedSchema,
  AccountCountedSchema,
  AccountDepositedSchema,
  AccountService,
  AccountTransferredSchema,
} from "../gen/parley/test/v1/account_pb.js";

/** Accounts by name: a balance that follows from what came and went. */
export const accounts = defineJournal({
  name: "accounts",
  version: 1,
  events: [AccountDepositedSchema, AccountChargedSchema],
  initial: () => ({ balance: 0n }),
  evolve(state, event) {
    switch (event.$typeName) {
      case "parley.test.v1.AccountDeposited":
        return { balance: state.balance + event.amount };
      case "parley.test.v1.AccountCharged":
        return { balance: state.balance - event.amount };
    }
  },
});

/** How often each account was credited, as heard by another agent. */
export const counts = defineJournal({
  name: "counts",
  version: 1,
  events: [AccountCountedSchema],
  initial: () => 0,
  evolve: (count) => count + 1,
});

/** The agent that keeps accounts. */
export const accountAgent = defineAgent({
  name: "test.account",
  serves: [
    serve(AccountService, {
      deposit: ({ account, amount }, ctx) =>
        ctx.commit({ account: accounts.at(account) }, (entries) => {
          entries.account.append(AccountDepositedSchema, { account, amount });
          return { balance: entries.account.state.balance };
        }),
      transfer: ({ from, to, amount }, ctx) =>
        ctx.commit({ from: accounts.at(from), to: accounts.at(to) }, (entries, outbox) => {
          const { balance } = entries.from.state;
          if (balance < amount) return { done: false, balance };
          entries.from.append(AccountChargedSchema, { account: from, amount });
          entries.to.append(AccountDepositedSchema, { account: to, amount });
          outbox.publish(AccountTransferredSchema, { from, to, amount });
          return { done: true, balance: entries.from.state.balance };
        }),
      getBalance: ({ account }, ctx) => ctx.load(accounts.at(account)),
    }),
  ],
});

/** The agent that counts credits, each exactly as often as it happened. */
export const auditAgent = defineAgent({
  name: "test.audit",
  hears: [
    onCommit(
      AccountDepositedSchema,
      { name: "count", from: "retained", keys: ({ account }) => ({ count: counts.at(account) }) },
      ({ account }, { count }) => count.append(AccountCountedSchema, { account }),
    ),
  ],
});
