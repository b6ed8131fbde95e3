// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// What the types of journals must accept and refuse. Checked by the compiler, never run: a line below `@ts-expect-error` that
// becomes correct is an error.

import { type Context, defineAgent, defineJournal, onCommit } from "@parley/mesh";
import {
  AccountChargedSchema,
  AccountCountedSchema,
  AccountDepositedSchema,
  AccountTransferredSchema,
} from "../gen/parley/test/v1/account_pb.js";

declare const ctx: Context;

const balances = defineJournal({
  name: "balances",
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
const counts = defineJournal({
  name: "counts",
  version: 1,
  events: [AccountCountedSchema],
  initial: () => 0,
  evolve: (count) => count + 1,
});

// The reply of a commit has the type of what is decided; each entry has the state of its own journal.
const total: bigint = await ctx.commit({ a: balances.at("1"), b: counts.at("2") }, ({ a, b }) => {
  a.append(AccountDepositedSchema, { account: "1", amount: 1n });
  b.append(AccountCountedSchema, { account: "2" });
  return a.state.balance + BigInt(b.state);
});
const loaded: { readonly balance: bigint } = await ctx.load(balances.at("1"));
const count: number = await ctx.load(counts.at("1"));

await ctx.commit({ a: balances.at("1") }, ({ a }) => {
  // @ts-expect-error not an event of that journal
  a.append(AccountCountedSchema, { account: "1" });
  // @ts-expect-error no such field
  a.append(AccountDepositedSchema, { acount: "1" });
  // @ts-expect-error amounts are bigint
  a.append(AccountDepositedSchema, { account: "1", amount: 1 });
  // @ts-expect-error the state is not to be replaced
  a.state = { balance: 1n };
});

// @ts-expect-error deciding is synchronous
await ctx.commit({ a: balances.at("1") }, async ({ a }) => a.state.balance);

// @ts-expect-error a key that was not named is not there
await ctx.commit({ a: balances.at("1") }, ({ b }) => b);

// @ts-expect-error a key is made by its journal
await ctx.commit({ a: "1" }, () => null);

// @ts-expect-error the state of a key is not another journal's
const wrong: number = await ctx.load(balances.at("1"));

defineJournal({
  name: "forgetful",
  version: 1,
  events: [AccountDepositedSchema, AccountChargedSchema],
  initial: () => 0n,
  // @ts-expect-error an event that is forgotten leaves the state undefined
  evolve(state, event) {
    switch (event.$typeName) {
      case "parley.test.v1.AccountDeposited":
        return state + event.amount;
    }
  },
});

defineJournal({
  name: "confused",
  version: 1,
  events: [AccountDepositedSchema],
  initial: () => 0n,
  // @ts-expect-error the state stays what `initial` began with
  evolve: (state) => String(state),
});

const keys = ({ account }: { account: string }) => ({ count: counts.at(account) });

export const hearer = defineAgent({
  name: "test.types",
  hears: [
    onCommit(AccountDepositedSchema, { name: "count", keys }, (event, { count }, outbox) => {
      count.append(AccountCountedSchema, { account: event.account });
      outbox.publish(AccountTransferredSchema, { from: event.account, to: "bank", amount: event.amount });
    }),
    // @ts-expect-error the event has no such field
    onCommit(AccountDepositedSchema, { name: "count", keys }, (event) => event.from),
    onCommit(AccountDepositedSchema, { name: "count", keys }, (_, { count }) => {
      // @ts-expect-error not an event of that journal
      count.append(AccountDepositedSchema, {});
    }),
    // @ts-expect-error the keys must be said
    onCommit(AccountDepositedSchema, { name: "count" }, () => {}),
  ],
});

export { count, loaded, total, wrong };
