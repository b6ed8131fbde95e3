// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment } from "../booking/appointment.ts";
import type { Failure, Offer } from "../booking/offer.ts";
import type { SmallTalk } from "../sentence/small-talk.ts";
import { type Reader, timeInWords, zoneInWords } from "../time/local-words.ts";

// Every sentence that the user agent says. Times are the reader's, names stand for ids.

/** What came of a search, as far as the reply needs it. */
export interface SearchResult {
  readonly offers: readonly Offer[];
  readonly withinPreference: boolean;
  /** The wish in the person's words; unset: none was stated. */
  readonly wish?: string | undefined;
  /** Remarks to begin with, whole sentences. */
  readonly remarks: readonly string[];
}

/** The offers, numbered, and how to choose. */
export function offersReply(result: SearchResult, reader: Reader): string {
  const { offers, withinPreference, wish, remarks } = result;
  if (offers.length === 0)
    return sentences(...remarks, "Sorry, I found no free time for that.", "Would another day or time suit you?");
  const wished = wish === undefined || wish === "" ? "" : ` for "${wish}"`;
  const opening = withinPreference
    ? `These times are free${wished}`
    : `Nothing is free${wished}, but these times are near`;
  const several = offers.length > 1;
  const question = several ? 'Which one shall I book? "Yes" takes the first.' : "Shall I book it?";
  return [
    sentences(...remarks, `${opening} (${zoneInWords(reader.timeZone)}):`),
    ...numberedOffers(offers, reader),
    question,
  ].join("\n");
}

/** The appointment is made, or waits for the provider's word. */
export function confirmedReply(appointment: Appointment, reader: Reader): string {
  if (appointment.status === "SELECTED")
    return `I have asked for ${appointmentInWords(appointment, reader)}. The time is kept for you, and I will tell you what they say.`;
  return `Your appointment is confirmed: ${appointmentInWords(appointment, reader)}.`;
}

/** The booking failed; what else is free. */
export function failedReply(failure: Failure, reader: Reader): string {
  if (failure.alternatives.length === 0) return failure.userMessage;
  return [
    `${failure.userMessage} (${zoneInWords(reader.timeZone)})`,
    ...numberedOffers(failure.alternatives, reader),
  ].join("\n");
}

/** Several offers fit what was said. */
export function whichOfferReply(offers: readonly Offer[], reader: Reader): string {
  return ["Which of these do you mean? Please say its number.", ...numberedOffers(offers, reader)].join("\n");
}

/** The number is not on the list. */
export function noSuchOfferReply(count: number): string {
  return count === 1 ? "There is only one to choose. Shall I take it?" : `Please choose a number from 1 to ${count}.`;
}

/** What is answered to small talk; the services are those that somebody offers. */
export function smallTalkReply(talk: SmallTalk, services: readonly string[]): string {
  const example = `"Book a ${services[0] ?? "doctor"} for tomorrow afternoon"`;
  switch (talk) {
    case "greeting":
      return `Hello! You could say: ${example}.`;
    case "thanks":
      return "You are welcome.";
    case "help":
      return `I book, list and cancel appointments. You could say: ${example}, "What are my appointments?" or "Cancel my appointment".`;
    case "agreement":
      return `There is nothing to confirm just now. You could say: ${example}.`;
  }
}

/** Nobody offers what was asked for, in the person's words. */
export function unknownServiceReply(service: string, services: readonly string[]): string {
  return `Sorry, nobody here offers "${service}". ${whichServiceReply(services)}`;
}

/** The appointment is at another time now. */
export function movedReply(appointment: Appointment, reader: Reader): string {
  return `Your appointment has moved: ${appointmentInWords(appointment, reader)}.`;
}

/** To when shall an appointment be moved? */
export function whereToReply(appointment: Appointment, reader: Reader): string {
  return `You have ${appointmentInWords(appointment, reader)}. To which day or time shall I move it?`;
}

/** Which one shall be moved? */
export function whichToMoveReply(appointments: readonly Appointment[], reader: Reader): string {
  return [
    "Which one shall I move? Please say with whom it is, or what for.",
    ...numberedAppointments(appointments, reader),
  ].join("\n");
}

/** The service is not clear: none was named, several share the name, or a name is unknown. */
export function whichServiceReply(services: readonly string[], unknownName?: string): string {
  const unknown = unknownName === undefined ? [] : [`I do not know anybody called ${unknownName}.`];
  if (services.length === 0) return sentences(...unknown, "Sorry, there is nobody to book an appointment with yet.");
  return sentences(...unknown, `What kind of appointment would you like: ${listed(services, "or")}?`);
}

/** The wished time lies in the past. */
export const pastReply = "That time has passed. Which day or time would suit you?";

/** What was ruled out leaves no time to look for; the words are the person's. */
export function whenElseReply(ruledOut: string): string {
  return `All right, not "${ruledOut}". Which day or time would suit you instead?`;
}

/** The time is skipped by the clocks on that day. */
export function skippedReply(when: string): string {
  return `Sorry, ${when} does not exist: the clocks go forward then. Which time would suit you?`;
}

/** The date or time, in the person's words, does not exist. */
export function impossibleReply(said: string): string {
  const words = said.replace(
    /(^|[ \d])(?!am|pm|of|st|nd|rd|th)([a-z])/g,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
  return `Sorry, ${words} does not exist. Which day and time would suit you?`;
}

/** Such a length cannot be booked. */
export const durationReply = "An appointment can take from 5 minutes to 8 hours. How long shall it be?";

/** None of the offers was wanted. */
export const declinedReply = "All right, I book none of these. Tell me another day or time, and I will look again.";

/** There was nothing to refuse. */
export const nothingToDeclineReply = "All right. Tell me when I can help you with an appointment.";

/** The sentence was not understood. */
export function unclearReply(services: readonly string[]): string {
  const example = services[0] ?? "doctor";
  return `Sorry, I did not understand that. You could say: "Book a ${example} for tomorrow afternoon".`;
}

/** Somebody needed cannot be reached now. */
export const unreachableReply = "Sorry, I cannot reach the practices just now. Please try again in a moment.";

/** The user's appointments. */
export function appointmentsReply(appointments: readonly Appointment[], reader: Reader): string {
  if (appointments.length === 0) return "You have no appointments coming up.";
  return [`Your appointments (${zoneInWords(reader.timeZone)}):`, ...numberedAppointments(appointments, reader)].join(
    "\n",
  );
}

/** Which one shall be cancelled? */
export function whichToCancelReply(appointments: readonly Appointment[], reader: Reader): string {
  return ["Which one shall I cancel? Please say its number.", ...numberedAppointments(appointments, reader)].join("\n");
}

/** The appointment is cancelled. */
export function cancelledReply(appointment: Appointment, reader: Reader): string {
  return `Your appointment is cancelled: ${appointmentInWords(appointment, reader)}.`;
}

/** An appointment for people: with whom and when, in the reader's zone. */
export function appointmentInWords(appointment: Appointment, reader: Reader): string {
  return `${appointment.providerName}, ${timeInWords(appointment, reader)} (${zoneInWords(reader.timeZone)})`;
}

/** "a, b and c". */
export function listed(words: readonly string[], conjunction: "and" | "or"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}

/** Offers as a list to choose from by number. */
export function numberedOffers(offers: readonly Offer[], reader: Reader): readonly string[] {
  return offers.map(
    (offer, index) =>
      `${index + 1}. ${timeInWords(offer, reader)} with ${offer.providerName} (${offer.reasoning.join(", ")})`,
  );
}

function numberedAppointments(appointments: readonly Appointment[], reader: Reader): readonly string[] {
  return appointments.map(
    (appointment, index) => `${index + 1}. ${timeInWords(appointment, reader)} with ${appointment.providerName}`,
  );
}

function sentences(...parts: readonly string[]): string {
  return parts.join(" ");
}
