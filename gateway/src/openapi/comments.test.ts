// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { file_parley_mesh_v1_maintenance, MaintenanceSchema } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { expect, test } from "vitest";
import { Comments } from "./comments.ts";

test("Parley's own contracts say what stands above a message, a field and a method", () => {
  const comments = new Comments([]);
  const [service] = file_parley_mesh_v1_maintenance.services;
  expect(comments.of(MaintenanceSchema.field.reason)).toBe("Why.");
  expect(service && comments.of(service)).toBe("Begins and ends maintenance.");
  expect(service?.method["endMaintenance"] && comments.of(service.method["endMaintenance"])).toMatch(/^Ends one\. /);
});

test("what is no set of descriptors is refused", () => {
  expect(() => new Comments([Uint8Array.of(0xff)])).toThrow(expect.objectContaining({ code: "UNDECODABLE" }));
});
