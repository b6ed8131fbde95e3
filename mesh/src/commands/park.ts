// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Appender } from "../broker/appender.ts";
import { keyOfToken } from "../broker/key-token.ts";
import type { PulledMessage } from "../broker/pulled-message.ts";
import type { Subjects } from "../broker/subjects.ts";
import type { MessageHeader } from "../header.ts";
import { derivedId } from "../ids.ts";

/** How long the broker keeps what it has put back into COMMANDS: far longer than sourcing it may take. */
const firedTtl = "168h";

/**
 * Leaves a command that is due later with the broker, which puts it back into COMMANDS when its time has come: not before,
 * up to 0.3 s later, seconds after the loss of a leader.
 *
 * The id follows from the place of the message in COMMANDS, so parking it again, after a crash before it was acknowledged,
 * changes nothing; what comes back has another place, and may be parked anew by a host whose clock is behind the broker's.
 */
export function parking(
  appender: Appender,
  subjects: Subjects,
): (pulled: PulledMessage, header: MessageHeader, due: number) => Promise<void> {
  return async (pulled, header, due) => {
    const id = derivedId("parked", pulled.stream, pulled.sequence);
    const { name, priority = "MEDIUM" } = header;
    const key = keyOfToken(pulled.subject.split(".").at(-1) ?? "");
    const target = subjects.scheduledCommand(id, { name, priority, id: header.messageId, key });
    const headers = new Map(pulled.headers)
      .set("Nats-Schedule", `@at ${new Date(due).toISOString()}`)
      .set("Nats-Schedule-Target", target)
      .set("Nats-Schedule-TTL", firedTtl);
    await appender.append({ subject: subjects.schedule(id), payload: pulled.payload, headers, id });
  };
}
