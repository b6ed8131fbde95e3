// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { brokerVersion } from "./broker-version.ts";
import type { Patient } from "./patient.ts";

/** A patient of whom only the broker's own word is known: older servers are not at hand. */
function patientOf(version: string): Patient {
  return { broker: { url: "nats://b", connection: { info: { version, server_name: "b" } } } } as unknown as Patient;
}

test("a broker older than the floor is an error, one older than recommended a notice", async () => {
  expect(await brokerVersion(patientOf("2.14.4"))).toMatchObject([
    { severity: "error", code: "broker-old", where: "b" },
  ]);
  expect(await brokerVersion(patientOf("2.14.5"))).toMatchObject([{ severity: "notice", code: "broker-old" }]);
  expect(await brokerVersion(patientOf("2.15.0"))).toEqual([]);
});
