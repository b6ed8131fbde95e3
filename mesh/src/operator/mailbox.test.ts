// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Mailbox } from "./mailbox.ts";

test("what is put in comes out in its order, whether it waits or is waited for", async () => {
  const mailbox = new Mailbox<number>(2);
  const reader = mailbox.taken(new AbortController().signal);
  const first = reader.next();
  mailbox.put(1);
  expect((await first).value).toBe(1);
  mailbox.put(2);
  mailbox.put(3);
  expect([(await reader.next()).value, (await reader.next()).value]).toEqual([2, 3]);
});

test("who falls too far behind is told so instead of missing something, and nothing more is kept", async () => {
  const mailbox = new Mailbox<number>(2);
  const reader = mailbox.taken(new AbortController().signal);
  for (const item of [1, 2, 3, 4]) mailbox.put(item);
  await expect(reader.next()).rejects.toMatchObject({
    code: "OVERLOADED",
    message: expect.stringContaining("2 messages"),
  });
});
