// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { errors, type Msg, type MsgHdrs } from "@nats-io/transport-node";
import { answersOf } from "./answers.ts";
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
  try {
    return read(await answersOf(broker).ask(message));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const closed = error instanceof errors.ClosedConnectionError || error instanceof errors.DrainingConnectionError;
    return { kind: closed ? "closed" : "silence", reason };
  }
}

/** What the broker says when nobody takes a subject. */
const noResponders = 503;

function read(answer: Msg): AppendAnswer {
  if (answer.headers?.code === noResponders) {
    return { kind: "busy", reason: "no stream takes it, or the stream has no leader" };
  }
  const { stream = "", seq = 0, duplicate = false, error } = answer.json<Acknowledgement>();
  if (error === undefined) return { kind: "stored", stream, sequence: seq, duplicate };
  const { code, err_code: errorCode = 0, description: reason = "no reason given" } = error;
  const passes = errorCode === idInProcess || meaningOf(errorCode, code) === "BROKER_UNAVAILABLE";
  return passes ? { kind: "busy", reason } : { kind: "refused", stream, errorCode, reason };
}
