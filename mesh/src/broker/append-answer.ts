// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { errors, type MsgHdrs, RequestError } from "@nats-io/transport-node";
import { answered } from "./answered.ts";
import { meaningOf } from "./broker-error.ts";
import type { Broker } from "./connection.ts";

/** What came of one attempt to append. */
export type AppendAnswer =
  | { readonly kind: "stored"; readonly stream: string; readonly sequence: number; readonly duplicate: boolean }
  /** Not stored, and the reason will pass: no leader, or the same id is being stored right now. */
  | { readonly kind: "busy"; readonly reason: string }
  /** Nobody knows whether it was stored. */
  | { readonly kind: "silence"; readonly reason: string }
  /** Not stored, for a reason that stays. */
  | { readonly kind: "refused"; readonly stream: string; readonly errorCode: number; readonly reason: string }
  /** Not sent. */
  | { readonly kind: "closed"; readonly reason: string };

/** Shorter than the loss of a leader: an attempt that was lost with a connection shall not cost more than this. */
const answerTimeoutMs = 2_000;
/** The broker's word for: an earlier attempt with this id is not finished. */
const idInProcess = 10158;

interface Acknowledgement {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** Sends one message to whatever stream takes its subject. */
export async function tryAppend(
  broker: Broker,
  message: { readonly subject: string; readonly payload: Uint8Array; readonly headers: MsgHdrs },
): Promise<AppendAnswer> {
  const { subject, payload, headers } = message;
  try {
    const request = broker.connection.request(subject, payload, { headers, timeout: answerTimeoutMs });
    return read((await answered(broker, request)).json<Acknowledgement>());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RequestError && error.isNoResponders()) {
      return { kind: "busy", reason: "no stream takes it, or the stream has no leader" };
    }
    const closed = error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError;
    return { kind: closed ? "closed" : "silence", reason };
  }
}

function read({ stream = "", seq = 0, duplicate = false, error }: Acknowledgement): AppendAnswer {
  if (error === undefined) return { kind: "stored", stream, sequence: seq, duplicate };
  const { code, err_code: errorCode = 0, description: reason = "no reason given" } = error;
  const passes = errorCode === idInProcess || meaningOf(errorCode, code) === "BROKER_UNAVAILABLE";
  return passes ? { kind: "busy", reason } : { kind: "refused", stream, errorCode, reason };
}
