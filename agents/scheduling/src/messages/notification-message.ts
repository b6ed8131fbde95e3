// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Notification,
  NotificationKind,
  NotificationSchema,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { MeshError } from "@parley/mesh";
import type { News, NewsKind } from "../notification.ts";
import { appointmentMessage, appointmentOf, offerMessage, offerOf } from "./appointment-message.ts";
import { milliseconds } from "./instants.ts";

/** The news as a message, with its text. */
export function notificationMessage(news: News, text: string): Notification {
  const { notificationId, kind, appointment, original, offers = [], suggestionId = "", note = "", happenedAt } = news;
  return create(NotificationSchema, {
    ...{ notificationId, text, suggestionId, note },
    kind: NotificationKind[kind],
    ...(appointment === undefined ? {} : { appointment: appointmentMessage(appointment) }),
    ...(original === undefined ? {} : { original: appointmentMessage(original) }),
    offers: offers.map(offerMessage),
    time: timestampFromMs(happenedAt),
  });
}

/** The news that a message says; its text is left aside. */
export function newsFrom(message: Notification): News {
  const { notificationId, kind, appointment, original, offers, suggestionId, note, time } = message;
  return {
    notificationId,
    kind: kindOf(kind),
    happenedAt: milliseconds(time),
    ...(appointment === undefined ? {} : { appointment: appointmentOf(appointment) }),
    ...(original === undefined ? {} : { original: appointmentOf(original) }),
    ...(offers.length === 0 ? {} : { offers: offers.map(offerOf) }),
    ...(suggestionId === "" ? {} : { suggestionId }),
    ...(note === "" ? {} : { note }),
  };
}

/** The kind in the agent's words; JOURNAL_AHEAD where a newer version wrote another. */
function kindOf(kind: NotificationKind): NewsKind {
  const name = NotificationKind[kind] as NewsKind | "UNSPECIFIED" | undefined;
  if (name !== undefined && name !== "UNSPECIFIED") return name;
  throw new MeshError({ code: "JOURNAL_AHEAD", message: `news of a kind ${kind} that this version does not know` });
}
