// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appointment, Notification, SlotOffer } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";
import { ProviderAgentService } from "@parley/contracts/parley/scheduling/v1/provider_agent_pb.js";
import { UserAgentService } from "@parley/contracts/parley/scheduling/v1/user_agent_pb.js";
import type { Host } from "@parley/mesh";

/** Where the spoken part of the demo is shown, as it happens. */
export interface DemoTerminal {
  /** A sentence of a person or of an agent; may have several lines. `name`: of who speaks; default: as the calls say. */
  says(who: "user" | "agent", sentence: string, name?: string): void;
}

/** What happened in the demo. */
export interface DemoResult {
  readonly userId: string;
  readonly conversationId: string;
  /** As first offered, best first. */
  readonly offers: readonly SlotOffer[];
  readonly appointment: Appointment;
  /** What the user agent told the user when it heard AppointmentConfirmed. */
  readonly toldUser: Notification;
  /** What the provider agent told the provider when it heard AppointmentConfirmed. */
  readonly toldProvider: Notification;
}

/** Settings of the demo. */
export interface DemoOptions {
  /** Default: "user123". */
  readonly userId?: string | undefined;
  /** Milliseconds in which the agents must have heard of the appointment; default 10 000. */
  readonly hearWithinMs?: number | undefined;
}

const sentence = "Book a doctor's appointment for tomorrow afternoon";

/**
 * Carries out one booking by conversation: asks for offers, takes the first, and waits until the user agent and the
 * provider agent have heard that it is confirmed. Needs the sample world, see `seed`.
 *
 * @throws Error when nothing was offered, nothing was booked, or the agents did not hear of it in time
 */
export async function demo(
  mesh: Pick<Host, "client">,
  terminal: DemoTerminal,
  options: DemoOptions = {},
): Promise<DemoResult> {
  const { userId = "user123", hearWithinMs = 10_000 } = options;
  const users = mesh.client(UserAgentService, { source: `person_${userId}` });
  const ask = async (text: string, conversationId: string) => {
    terminal.says("user", text);
    const answer = await users.converse(
      { userId, text, conversationId },
      conversationId === "" ? {} : { conversationId },
    );
    terminal.says("agent", answer.reply);
    return answer;
  };

  const { conversationId, offers } = await ask(sentence, "");
  if (offers.length === 0) throw new Error(`the demo was offered no slot; is the sample world laid out?`);
  const { appointment } = await ask("The first one, please", conversationId);
  if (appointment === undefined) throw new Error("the demo chose a slot, and it was not booked");

  const { providerId, appointmentId } = appointment;
  const signal = AbortSignal.timeout(hearWithinMs);
  const watchers = mesh.client(ProviderAgentService, { source: "scheduling.user" });
  const [toldUser, toldProvider] = await Promise.all([
    told(users.watchNotifications({ userId }, { signal }), appointmentId),
    told(watchers.watchBookings({ providerId }, { signal }), appointmentId),
  ]);
  return { userId, conversationId, offers, appointment, toldUser, toldProvider };
}

async function told(
  stream: AsyncIterable<{ readonly notification?: Notification | undefined }>,
  appointmentId: string,
): Promise<Notification> {
  for await (const { notification } of stream) {
    if (notification?.appointment?.appointmentId === appointmentId) return notification;
  }
  throw new Error(`nobody was told of appointment "${appointmentId}"`);
}
