// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { NotificationKeptSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Context, defineJournal, type Heard, onCommit } from "@parley/mesh";
import { journalKey } from "./journal-key.ts";
import { newsFrom, notificationMessage } from "./messages/notification-message.ts";
import { present } from "./messages/present.ts";
import type { News } from "./notification.ts";

/** A piece of news, and who is told. */
export interface Told {
  readonly readers: readonly string[];
  readonly news: News;
}

/** What a kind of reader is told, kept for each of them. */
export interface Newsroom {
  /** Hears an event and keeps what it means to its readers, once. `what` names the hearer, with the newsroom's name. */
  tells<D extends DescMessage>(event: D, what: string, tell: (event: MessageShape<D>) => Told): Heard;
  /** The news of a reader after `afterId` (all that are kept when it is empty or unknown), then each new one until the signal aborts. */
  watch(reader: string, afterId: string, ctx: Pick<Context, "load" | "signal">): AsyncIterable<News>;
}

const keptForEach = 50;

/** Real milliseconds between two looks for news: soon after some came, less and less often while none come. */
const firstLookMs = 20;
const longestLookMs = 500;

/**
 * A newsroom; `whom` names the journal and the hearers. Another instance may keep the news that a reader watches for here, so
 * a watch looks into the journal again and again, which costs one small read each.
 */
export function newsroom(whom: string): Newsroom {
  const journal = defineJournal({
    name: `${whom}-notifications`,
    version: 1,
    events: [NotificationKeptSchema],
    // What is older than the latest few is told to nobody.
    compact: true,
    initial: (): readonly News[] => [],
    evolve(news, event): readonly News[] {
      switch (event.$typeName) {
        case "parley.scheduling.v1.NotificationKept":
          return [...news, newsFrom(present(event.notification))].slice(-keptForEach);
      }
    },
  });
  return {
    tells(event, what, tell) {
      const keys = (heard: MessageShape<typeof event>) => {
        const readers = new Set(tell(heard).readers);
        return Object.fromEntries([...readers].map((reader) => [reader, journal.at(journalKey(reader))]));
      };
      return onCommit(event, { name: `tell-${whom}-${what}`, keys }, (heard, entries) => {
        const { news } = tell(heard);
        for (const entry of Object.values(entries)) {
          if (entry.state.some(({ notificationId }) => notificationId === news.notificationId)) continue;
          entry.append(NotificationKeptSchema, { notification: notificationMessage(news, "") });
        }
      });
    },
    async *watch(reader, afterId, { load, signal }) {
      let seen = afterId;
      let pauseMs = firstLookMs;
      while (!signal.aborted) {
        const kept = await load(journal.at(journalKey(reader)));
        const fresh = kept.slice(kept.findIndex(({ notificationId }) => notificationId === seen) + 1);
        for (const news of fresh) {
          seen = news.notificationId;
          yield news;
        }
        pauseMs = fresh.length > 0 ? firstLookMs : Math.min(2 * pauseMs, longestLookMs);
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}
