// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { create } from "@bufbuild/protobuf";
import { AgentProfileSchema } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { expect, test } from "vitest";
import { openTestBroker } from "../broker/testdata/test-broker.ts";
import { Directory } from "../directory/directory.ts";
import { instanceOf } from "../directory/instance-record.ts";
import { defineAgent } from "./define-agent.ts";
import { grantsOf } from "./grants.ts";

test("an agent holds what it says of itself here, or in the directory, where one that is just starting is waited for", async () => {
  await using opened = await openTestBroker();
  const { broker, namespace } = opened;
  await using directory = await Directory.open(broker, { namespace });
  const profile = (name: string, permissions: string[]) =>
    create(AgentProfileSchema, { id: name.replace(".", "-"), name, permissions });
  const grants = grantsOf([defineAgent({ name: "test.here", permissions: ["SEND"] })], directory);

  expect(await grants("test.here", "SEND")).toBe(true);
  expect(await grants("test.here", "DELETE")).toBe(false);

  const starting = Promise.resolve(grants("test.there", "SEND"));
  // Others come and go meanwhile.
  await directory.write(instanceOf(profile("test.other", []), {}));
  await directory.write(instanceOf(profile("test.there", ["SEND"]), {}));
  expect(await starting).toBe(true);
  expect(await grants("test.there", "DELETE")).toBe(false);
  expect(await grants("test.nobody", "SEND")).toBe(false);

  // What the directory says of an agent of this host does not count: its own word does.
  await directory.write(instanceOf(profile("test.here", ["DELETE"]), {}));
  expect(await grants("test.here", "DELETE")).toBe(false);
});
