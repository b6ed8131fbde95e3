// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { Notification } from "@parley/contracts/parley/scheduling/v1/appointment_pb.js";

/** A stream of news, as users and providers watch it. */
export type NewsStream = AsyncIterable<{ readonly notification?: Notification | undefined }>;

/** Longest that a demo waits for news, in milliseconds. */
export const hearWithinMs = 15_000;

/**
 * The first piece of news that fits.
 *
 * @throws Error when the stream ends without it
 */
export async function told(stream: NewsStream, fits: (news: Notification) => boolean): Promise<Notification> {
  for await (const { notification } of stream)
    if (notification !== undefined && fits(notification)) return notification;
  throw new Error("nobody was told of what the demo waits for");
}

/** What must be there for the demo to go on. */
export function needed<T>(value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new Error(`the demo needs ${what}, and there is none`);
}
