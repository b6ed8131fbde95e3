// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Entries, Keys, Outbox, Sync } from "../journal/entry.ts";
import type { Context } from "./context.ts";

/** Handlers that do nothing but commit. */
const committing = new WeakSet<object>();

/**
 * Serves a method by one commit: state, announcements, commands and the reply are stored together, so a repeat of the message, or
 * of the sender's idempotency key, changes nothing and gets the same reply. Nothing else may happen in `decide`: it must be
 * synchronous and pure, and runs again when another process was faster. The only shape in which commands of a method that is
 * EFFECTIVELY_ONCE are run; calls of it are served so too.
 *
 *     serve(AccountService, { deposit: byCommit((request) => ({ account: accounts.at(request.account) }), decide) })
 */
export function byCommit<R, K extends Keys, T>(
  keys: (request: R) => K,
  decide: (request: R, entries: Entries<NoInfer<K>>, outbox: Outbox) => Sync<T>,
): (request: R, ctx: Context) => Promise<T> {
  const handle = (request: R, ctx: Context) =>
    ctx.commit(keys(request), (entries, outbox) => decide(request, entries, outbox));
  committing.add(handle);
  return handle;
}

/** Whether a handler was made by {@link byCommit}. */
export function commitsAlone(handler: object): boolean {
  return committing.has(handler);
}
