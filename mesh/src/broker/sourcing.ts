// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { brokerError } from "./broker-error.ts";
import type { Broker } from "./connection.ts";
import { directPage } from "./direct-page.ts";
import { streamInfo } from "./ensure-stream.ts";

/** Where a sourced message comes from. */
export interface SourceMark {
  readonly origin: string;
  /** Its sequence there. */
  readonly sequence: number;
}

/** How far a stream has taken what another one holds. */
export interface SourceState extends SourceMark {
  /** Milliseconds since the last sign of life of the sourcing; unset: none since the broker started. */
  readonly silentMs: number | undefined;
}

/** Messages looked at where the broker does not say by itself how far it is. */
const lookBack = 1_000;

/** Reads the header that the broker writes into each sourced message: `STREAM:C=hash sequence filter target subject …`. */
export function readSourceMark(header: string | undefined): SourceMark | undefined {
  const [stream = "", sequence = ""] = (header ?? "").split(" ");
  const origin = stream.split(":", 1)[0] ?? "";
  return origin === "" || !/^\d+$/.test(sequence) ? undefined : { origin, sequence: Number(sequence) };
}

/**
 * How far a stream is with each of its sources; empty when it is not there. Servers since 2.15 say so themselves, older ones
 * are asked for the newest messages.
 *
 * @throws MeshError BROKER_UNAVAILABLE
 */
export async function sourceStates(broker: Broker, stream: string): Promise<readonly SourceState[]> {
  try {
    const info = await streamInfo(broker, stream);
    if (info === undefined) return [];
    const sources: readonly { name: string; active: number; seq?: number }[] = info.sources ?? [];
    const isOlder = sources.every(({ seq }) => seq === undefined) && info.state.messages > 0;
    const newest = isOlder ? await newestMarks(broker, stream, info.state.last_seq) : new Map<string, number>();
    return sources.map(({ name, seq, active }) => ({
      origin: name,
      sequence: seq ?? newest.get(name) ?? 0,
      silentMs: active < 0 ? undefined : active / 1e6,
    }));
  } catch (error) {
    throw brokerError(error, `asking how far stream "${stream}" has sourced`);
  }
}

/** The highest sequence of each source among the newest messages of a stream. */
export async function newestMarks(broker: Broker, stream: string, last: number): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  const query = { filter: ">", from: Math.max(1, last - lookBack + 1), maxMessages: lookBack };
  for (const { headers } of (await directPage(broker, stream, query)).messages) {
    const mark = readSourceMark(headers?.get("Nats-Stream-Source"));
    if (mark !== undefined) found.set(mark.origin, Math.max(found.get(mark.origin) ?? 0, mark.sequence));
  }
  return found;
}
