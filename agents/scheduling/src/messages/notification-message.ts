// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type Notification,
  NotificationKind,
  NotificationSchema,
} from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import type { News } from "../notification.ts";
import { appointmentMessage, appointmentOf } from "./appointment-message.ts";
import { milliseconds } from "./instants.ts";
import { present } from "./present.ts";

/** The news as a message, with its text. */
export function notificationMessage(news: News, text: string): Notification {
  return create(NotificationSchema, {
    notificationId: news.notificationId,
    kind: NotificationKind[news.kind],
    text,
    appointment: appointmentMessage(news.appointment),
    time: timestampFromMs(news.happenedAt),
  });
}

/** The news that a message says; its text is left aside. */
export function newsFrom({ notificationId, kind, appointment, time }: Notification): News {
  return {
    notificationId,
    kind: kind === NotificationKind.APPOINTMENT_CANCELLED ? "APPOINTMENT_CANCELLED" : "APPOINTMENT_CONFIRMED",
    appointment: appointmentOf(present(appointment)),
    happenedAt: milliseconds(time),
  };
}
