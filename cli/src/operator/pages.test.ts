// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { readPages } from "./pages.ts";

test("a list reads as many pages as it takes, no more than asked for, and says when there are more", async () => {
  const asked: (readonly [string, number])[] = [];
  const read = async (pageToken: string, pageSize: number) => {
    asked.push([pageToken, pageSize]);
    const from = Number(pageToken || 0);
    const items = [from, from + 1].filter((item) => item < 5);
    return { items, nextPageToken: from + 2 < 5 ? String(from + 2) : "" };
  };
  expect(await readPages(read, 3)).toEqual({ items: [0, 1, 2], hasMore: true });
  expect(asked).toEqual([
    ["", 3],
    ["2", 1],
  ]);
  expect(await readPages(read, 100)).toEqual({ items: [0, 1, 2, 3, 4], hasMore: false });
});
