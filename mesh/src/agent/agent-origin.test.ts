// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { expect, test } from "vitest";
import { testMesh } from "../testing/test-mesh.ts";
import { assertFits, definedBy, meshVersion } from "./agent-origin.ts";
import { defineAgent } from "./define-agent.ts";

const agent = defineAgent({ name: "test.here" });
const [major, minor] = meshVersion.split(".").map(Number);

test("an agent fits a host of the same version, also when another copy of it or one that was mended defined it", () => {
  for (const version of [meshVersion, `${major}.${minor}.999`]) {
    expect(() => assertFits({ ...agent, [definedBy]: version })).not.toThrow();
  }
});

test.each([
  [
    "0.0.9",
    /^agent "test.here" was defined by @parley\/mesh 0.0.9, and its host is of @parley\/mesh .*npm ls @parley\/mesh/,
  ],
  [`${major}.${(minor ?? 0) + 1}.0`, /^agent "test.here" was defined by @parley\/mesh \d/],
  [undefined, /^agent "test.here" was defined by no version of @parley\/mesh that is known here/],
])("a host refuses an agent that %s defined, and says which and what to do", async (version, says) => {
  const other = { ...agent, [definedBy]: version };
  await expect(testMesh({ agents: [other] })).rejects.toMatchObject({
    code: "REFUSED",
    message: expect.stringMatching(says),
  });
});
