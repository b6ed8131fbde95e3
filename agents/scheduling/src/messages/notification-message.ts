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
import { appointmentMessage } from "./appointment-message.ts";

/** The news as a message, with its text. */
export function notificationMessage(news: News, text: string): Notification {
  return create(NotificationSchema, {
    notificationId: news.notificationId,
    kind: NotificationKind[news.kind],
    text,
    appointment: appointmentMessage(news.appointment),
    time: timestampFromMs(news.heardAt),
  });
}
