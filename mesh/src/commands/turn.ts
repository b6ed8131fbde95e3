// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type Command, CommandState } from "@parley/contracts/parley/mesh/v1/command_pb.js";
import { MeshError } from "../mesh-error.ts";

/** What a runner does with a command that came to it: run it, let it pass by as settled, or write down that it was taken back. */
export type Turn = "run" | "pass" | "cancel";

/** The message that came. */
export interface CommandArrival {
  /** Where it stands in COMMANDS. */
  readonly sequence: bigint;
  readonly requestDigest: string;
  /** It comes out of a dead letter. */
  readonly isRedriven: boolean;
}

/**
 * What is to be done with a message by what is known of its command. The same message that comes again is taken over from
 * whoever ran it. Another message of the same id, of a sender that dispatched again under its idempotency key, passes by while
 * the first one runs and after it has ended; only a redrive of its dead letter has a dead command run again.
 *
 * @throws MeshError MESSAGE_ID_REUSED, for good, when it is another request under the same idempotency key
 */
export function turnOf(known: Command | undefined, arrival: CommandArrival): Turn {
  if (known === undefined) return "run";
  const isSame = known.sequence === 0n || known.sequence === arrival.sequence;
  switch (known.state) {
    case CommandState.CANCELLED:
      return "pass";
    case CommandState.FAILED:
    case CommandState.EXPIRED:
      return arrival.isRedriven && !isSame ? "run" : "pass";
    case CommandState.DONE:
      assertSameRequest(known, arrival);
      return "pass";
    case CommandState.RUNNING:
      assertSameRequest(known, arrival);
      if (!isSame) return "pass";
      return known.cancelRequested ? "cancel" : "run";
    default:
      assertSameRequest(known, arrival);
      return known.cancelRequested ? "cancel" : "run";
  }
}

function assertSameRequest({ id, method, requestDigest }: Command, arrival: CommandArrival): void {
  if (requestDigest === "" || arrival.requestDigest === "" || requestDigest === arrival.requestDigest) return;
  const message = `command "${id}" of "${method}" is another request under the same idempotency key; take a new key for a new request`;
  throw new MeshError({ code: "MESSAGE_ID_REUSED", message, errorClass: "INVALID" });
}
