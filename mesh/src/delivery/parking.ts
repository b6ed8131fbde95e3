// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appender } from "../broker/appender.ts";
import type { Broker } from "../broker/connection.ts";
import { keyOfToken } from "../broker/key-token.ts";
import { laneIn } from "../broker/lane.ts";
import { storedAt } from "../broker/new-message.ts";
import { patiently } from "../broker/patience.ts";
import { type PulledMessage, placeOf } from "../broker/pulled-message.ts";
import { streamNames } from "../broker/stream-names.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { MessageHeader } from "../header.ts";
import { derivedId } from "../ids.ts";
import { attemptsHeader, type FailedAttempt, writeAttempts } from "./past-attempts.ts";

/** How long the broker keeps what it has put back: far longer than sourcing it may take, and than a crash is recovered from. */
const firedTtl = "168h";

/** The schedule under which a message of a stream waits. */
export function scheduleIdOf(pulled: PulledMessage): string {
  return derivedId("parked", ...placeOf(pulled));
}

/** A message that is to come again, and when. */
export interface Parked {
  /** `attempt` is the number that its next try has. */
  readonly header: MessageHeader;
  /** Milliseconds since the epoch. */
  readonly due: number;
  /** Who alone gets it again; of commands the method's own agent does. */
  readonly agent: string;
  readonly hearer: string;
  /** Its failed tries so far. */
  readonly attempts: readonly FailedAttempt[];
}

/** Leaves messages with the broker until their time has come. */
export interface Parking {
  /** Resolves when the broker has it: the delivery may be acknowledged then. Doing it again changes nothing. */
  park(pulled: PulledMessage, parked: Parked): Promise<void>;
  /** Whether this delivery was parked already, by whoever ended before it was acknowledged. */
  holds(pulled: PulledMessage): Promise<boolean>;
}

/** What parking needs. */
export interface ParkingInit {
  readonly broker: Broker;
  readonly appender: Appender;
  readonly subjects: Subjects;
}

/**
 * Parks in SCHEDULES, from where the broker puts a message back into the stream that it came from: not before its time, up to
 * 0.3 s later, seconds after the loss of a leader. An event comes back to the hearer alone that parked it.
 *
 * The id follows from the place of the message in its stream; what comes back has another place, so it may be parked anew: for
 * the next retry, or by a host whose clock is behind the broker's.
 */
export function parking({ broker, appender, subjects }: ParkingInit): Parking {
  const { schedules } = streamNames(subjects.namespace);
  return {
    async park(pulled, { header, due, agent, hearer, attempts }) {
      const id = scheduleIdOf(pulled);
      const { name, priority = "MEDIUM", messageId, attempt } = header;
      const tokens = pulled.subject.split(".");
      const key = keyOfToken(tokens.at(-1) ?? "");
      const lane = laneIn(pulled.subject);
      const target =
        tokens[1] === "cmd"
          ? subjects.scheduledCommand(id, { name, priority, id: messageId, key })
          : subjects.scheduledEventTo(id, { agent, hearer, lane }, key);
      const headers = new Map(pulled.headers)
        .set("ce-attempt", String(attempt))
        .set("Nats-Schedule", `@at ${new Date(due).toISOString()}`)
        .set("Nats-Schedule-Target", target)
        .set("Nats-Schedule-TTL", firedTtl);
      if (attempts.length > 0) headers.set(attemptsHeader, writeAttempts(attempts));
      await appender.append({ subject: subjects.schedule(id), payload: pulled.payload, headers, id });
    },
    async holds(pulled) {
      const filter = subjects.scheduled(scheduleIdOf(pulled));
      // To give up would hand the message back, and each delivery counts as a try.
      const look = () => storedAt(broker, schedules, { seq: 1, next_by_subj: filter });
      return (await patiently(broker, "what is parked", look)) !== undefined;
    },
  };
}
