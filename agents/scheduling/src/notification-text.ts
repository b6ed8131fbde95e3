// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "./domain/booking/appointment.ts";
import { appointmentInWords, numberedOffers } from "./domain/conversation/replies.ts";
import { type Reader, timeInWords, zoneInWords } from "./domain/time/local-words.ts";
import type { News } from "./notification.ts";

/** The news for the user. */
export function textForUser(news: News, reader: Reader): string {
  return [opening(news, reader), ...note(news), ...choice(news, reader)].join("\n");
}

/** The news for the provider. */
export function textForProvider(news: News, reader: Reader): string {
  return [openingForProvider(news, reader), ...note(news)].join("\n");
}

function opening({ kind, appointment, original, offers = [] }: News, reader: Reader): string {
  const which = appointment === undefined ? "" : appointmentInWords(appointment, reader);
  const before = original === undefined ? "" : appointmentInWords(original, reader);
  switch (kind) {
    case "APPOINTMENT_CONFIRMED":
    case "BOOKING_REQUESTED":
    case "UPDATE_ACKNOWLEDGED":
      return `Your appointment is confirmed: ${which}.`;
    case "APPOINTMENT_CANCELLED":
      return byProvider(appointment)
        ? `Sorry, your appointment was cancelled by the provider: ${which}.`
        : `Your appointment is cancelled: ${which}.`;
    case "APPOINTMENT_CHANGED":
      if (byProvider(appointment))
        return `Sorry, the provider became unavailable, so this cannot take place: ${before}.`;
      return isMoved(appointment, original)
        ? `Your appointment has moved: ${which}, instead of ${before}.`
        : `Who comes has changed: ${which}.`;
    case "APPOINTMENT_FAILED":
      return `Sorry, the provider could not take your appointment: ${which}.`;
    case "ALTERNATIVES_PROPOSED":
      return byProvider(appointment) || appointment?.status === "FAILED"
        ? `These times are free instead of ${which}:`
        : `The provider would like another time for your appointment, ${which}. It stands until you choose one:`;
    case "SUGGESTION": {
      const [offer] = offers;
      const time = offer === undefined ? "" : `${timeInWords(offer, reader)} (${zoneInWords(reader.timeZone)})`;
      return `Your preferred provider, ${offer?.providerName ?? ""}, has new availability: ${time}. Would you like to book?`;
    }
  }
}

function openingForProvider({ kind, appointment, original, note = "" }: News, reader: Reader): string {
  const which = appointment === undefined ? "" : inShort(appointment, reader);
  const before = original === undefined ? "" : inShort(original, reader);
  switch (kind) {
    case "APPOINTMENT_CONFIRMED":
    case "SUGGESTION":
      return `New appointment: ${which}.`;
    case "APPOINTMENT_CANCELLED":
      return `Appointment cancelled: ${which}.`;
    case "APPOINTMENT_CHANGED":
      if (byProvider(appointment)) return `Appointment cancelled because of your time off: ${before}.`;
      return isMoved(appointment, original)
        ? `Appointment moved: ${which}, instead of ${before}.`
        : `Who comes has changed: ${which}.`;
    case "APPOINTMENT_FAILED":
      return `Booking not accepted: ${which}.`;
    case "ALTERNATIVES_PROPOSED":
      return `Other times were offered instead of: ${which}.`;
    case "BOOKING_REQUESTED":
      return `A booking waits for your word: ${which}.`;
    case "UPDATE_ACKNOWLEDGED":
      return note;
  }
}

function note({ note = "", kind }: News): readonly string[] {
  return note === "" || kind === "UPDATE_ACKNOWLEDGED" ? [] : [`They say: "${note}"`];
}

function choice({ offers = [], kind }: News, reader: Reader): readonly string[] {
  if (kind === "SUGGESTION" || offers.length === 0) return [];
  const lead = kind === "ALTERNATIVES_PROPOSED" ? [] : ["Would one of these suit you instead?"];
  return [...lead, ...numberedOffers(offers, reader)];
}

function byProvider(appointment: Appointment | undefined): boolean {
  return appointment?.status === "CANCELLED_BY_PROVIDER";
}

function isMoved(appointment: Appointment | undefined, original: Appointment | undefined): boolean {
  return appointment?.start !== original?.start || appointment?.providerId !== original?.providerId;
}

function inShort(appointment: Appointment, reader: Reader): string {
  const { serviceType, participantIds = [] } = appointment;
  const group = participantIds.length === 0 ? "" : ` for ${participantIds.length + 1}`;
  return `${serviceType}${group}, ${timeInWords(appointment, reader)} (${zoneInWords(reader.timeZone)})`;
}
