// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { metric, ownMetric } from "./semantic-names.ts";

test("the page on telemetry lists exactly the metrics there are", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/telemetry.md"), "utf8");
  const listed = [...page.matchAll(/^\| `([a-z_.]+)` \|/gm)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual([...Object.values(metric), ...Object.values(ownMetric)].toSorted());
});
