// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { setTimeout as delay } from "node:timers/promises";
import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { NotificationKeptSchema } from "@parley/contracts/parley/scheduling/v1/state_pb.js";
import { type Context, defineJournal, type Entry, type Heard, onCommit } from "@parley/mesh";
import type { Appointment } from "./domain/booking/appointment.ts";
import { journalKey } from "./journal-key.ts";
import { appointmentOf } from "./messages/appointment-message.ts";
import { newsFrom, notificationMessage } from "./messages/notification-message.ts";
import { present } from "./messages/present.ts";
import { type News, newsOf } from "./notification.ts";

/** What a kind of reader is told, kept for each of them. */
export interface Newsroom {
  /** Hearers that keep what is confirmed and cancelled, each once. */
  readonly hears: readonly Heard[];
  /** The news of a reader after `afterId` (all that are kept when it is empty or unknown), then each new one until the signal aborts. */
  watch(reader: string, afterId: string, ctx: Pick<Context, "load" | "signal">): AsyncIterable<News>;
}

const keptForEach = 50;

/** Real milliseconds between two looks for news: soon after some came, less and less often while none come. */
const firstLookMs = 20;
const longestLookMs = 500;

/**
 * A newsroom for the readers that `readerOf` names; `whom` names the journal and the hearers. Another instance may keep the
 * news that a reader watches for here, so a watch looks into the journal again and again, which costs one small read each.
 */
export function newsroom(whom: string, readerOf: (appointment: Appointment) => string): Newsroom {
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
  const keys = ({ appointment }: Told) => ({
    news: journal.at(journalKey(readerOf(appointmentOf(present(appointment))))),
  });
  const keep =
    (kind: News["kind"]) =>
    ({ appointment }: Told, entries: { readonly news: Entry<readonly News[], typeof NotificationKeptSchema> }) => {
      const news = newsOf(kind, appointmentOf(present(appointment)));
      if (entries.news.state.some(({ notificationId }) => notificationId === news.notificationId)) return;
      entries.news.append(NotificationKeptSchema, { notification: notificationMessage(news, "") });
    };
  return {
    hears: [
      onCommit(AppointmentConfirmedSchema, { name: `tell-${whom}-confirmed`, keys }, keep("APPOINTMENT_CONFIRMED")),
      onCommit(AppointmentCancelledSchema, { name: `tell-${whom}-cancelled`, keys }, keep("APPOINTMENT_CANCELLED")),
    ],
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

interface Told {
  readonly appointment?: AppointmentMessage | undefined;
}
