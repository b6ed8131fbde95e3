// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { Noticeboard } from "./noticeboard.ts";

const notice = (id: number) => ({ notificationId: `n${id}` });

async function read(
  board: Noticeboard<{ notificationId: string }>,
  after: string,
  count: number,
): Promise<readonly string[]> {
  const ids: string[] = [];
  const end = new AbortController();
  for await (const { notificationId } of board.watch("ann", after, end.signal)) {
    ids.push(notificationId);
    if (ids.length === count) end.abort();
  }
  return ids;
}

test("kept notices come first, then new ones, each once", async () => {
  const board = new Noticeboard();
  for (const id of [1, 2, 2, 1]) board.post("ann", notice(id));
  board.post("bob", notice(9));
  const reading = read(board, "", 4);
  await Promise.resolve();
  board.post("ann", notice(3));
  board.post("ann", notice(3));
  board.post("ann", notice(4));
  expect(await reading).toEqual(["n1", "n2", "n3", "n4"]);
});

test("a watcher goes on after the notice it knows; an unknown one means all", async () => {
  const board = new Noticeboard();
  for (const id of [1, 2, 3]) board.post("ann", notice(id));
  expect(await read(board, "n2", 1)).toEqual(["n3"]);
  expect(await read(board, "gone", 3)).toEqual(["n1", "n2", "n3"]);
});

test("the latest fifty are kept", async () => {
  const board = new Noticeboard();
  for (let id = 0; id < 60; id += 1) board.post("ann", notice(id));
  expect((await read(board, "", 50))[0]).toBe("n10");
});

test("a watch that is given up ends at once, also while it waits", async () => {
  const board = new Noticeboard();
  const end = new AbortController();
  const waiting = board.watch("ann", "", end.signal)[Symbol.asyncIterator]().next();
  end.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await board.watch("ann", "", AbortSignal.abort())[Symbol.asyncIterator]().next()).toEqual({
    done: true,
    value: undefined,
  });
});
