// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment as AppointmentMessage } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import {
  AppointmentCancelledSchema,
  AppointmentConfirmedSchema,
} from "@parley/contracts/parley/scheduling/v1/events_pb.js";
import { type Context, type Heard, on } from "@parley/mesh";
import type { Appointment } from "./domain/booking/appointment.ts";
import { appointmentOf } from "./messages/appointment-message.ts";
import { Noticeboard } from "./noticeboard.ts";
import { type News, newsOf } from "./notification.ts";

/** A noticeboard with the hearers that fill it. */
export interface Newsroom {
  readonly board: Noticeboard<News>;
  readonly hears: readonly Heard[];
}

/** Hears what is confirmed and cancelled, and puts it on a board under the reader that `readerOf` names. `whom` names the hearers. */
export function newsroom(whom: string, readerOf: (appointment: Appointment) => string): Newsroom {
  const board = new Noticeboard<News>();
  const post =
    (kind: News["kind"]) => (event: { readonly appointment?: AppointmentMessage | undefined }, ctx: Context) => {
      if (event.appointment === undefined) return;
      const appointment = appointmentOf(event.appointment);
      board.post(readerOf(appointment), newsOf(kind, appointment, ctx.clock.now()));
    };
  const hears = [
    on(AppointmentConfirmedSchema, { name: `tell-${whom}-confirmed` }, post("APPOINTMENT_CONFIRMED")),
    on(AppointmentCancelledSchema, { name: `tell-${whom}-cancelled` }, post("APPOINTMENT_CANCELLED")),
  ];
  return { board, hears };
}
