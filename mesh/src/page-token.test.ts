// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { pageToken, readPageToken } from "./page-token.ts";

const parts = { waiting: 1, told: 2 };

test("a page token brings back the place that it was made of, and none means the beginning", () => {
  for (const place of [
    { part: "waiting", at: [0] },
    { part: "told", at: [7, Number.MAX_SAFE_INTEGER] },
  ]) {
    expect(readPageToken(pageToken(place), parts)).toEqual(place);
  }
  expect(readPageToken("", parts)).toBeUndefined();
});

test.each(["xyz", "told", "told.", "told.7", "waiting.7-8", "waiting.-1", "other.7", "toString.1", "waiting.7 "])(
  "%j is refused, with what to give instead",
  (token) => {
    expect(() => readPageToken(token, parts)).toThrow(
      expect.objectContaining({
        code: "INVALID_MESSAGE",
        message: `"${token}" is no page token of this list; give back the one of the page before, or none`,
      }),
    );
  },
);
