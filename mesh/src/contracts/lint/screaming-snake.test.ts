// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { screamingSnake } from "./screaming-snake.ts";

test.each([
  ["DriveFileAdded", "DRIVE_FILE_ADDED"],
  ["SmsSent", "SMS_SENT"],
  ["HTTPFailed", "HTTP_FAILED"],
  ["FileParsedV2", "FILE_PARSED_V2"],
  ["Ready", "READY"],
])("writes %s as %s", (name, expected) => {
  expect(screamingSnake(name)).toBe(expected);
});
