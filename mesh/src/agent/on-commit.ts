// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Entries, Keys, Outbox } from "../journal/entry.ts";
import type { Heard, HearerOptions } from "./on.ts";

/** How an agent hears an event by a commit. */
export interface CommitHearerOptions<D extends DescMessage, K extends Keys> extends HearerOptions {
  /** The keys that the event is about. */
  readonly keys: (event: MessageShape<D>) => K;
}

/**
 * Hears an event by one commit: state, announcements and the fact that it was heard are stored together, so hearing it again
 * changes nothing. Nothing else may happen in `decide`: it must be synchronous and pure, and runs again when another process
 * was faster. The only shape that an EFFECTIVELY_ONCE event accepts.
 */
export function onCommit<D extends DescMessage, K extends Keys>(
  event: D,
  hearer: CommitHearerOptions<D, K>,
  decide: (event: MessageShape<D>, entries: Entries<NoInfer<K>>, outbox: Outbox) => void,
): Heard {
  const handle: Heard["handle"] = async (message, ctx) => {
    const heard = message as MessageShape<D>;
    await ctx.commit(hearer.keys(heard), (entries, outbox) => {
      const result: unknown = decide(heard, entries, outbox);
      // A promise is passed on to be refused; anything else would only be stored for nobody.
      return result instanceof Promise ? (result as never) : null;
    });
  };
  return { event, name: hearer.name, from: hearer.from ?? "now", commits: true, handle };
}
