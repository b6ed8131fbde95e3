// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AgentProfile } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import type { Maintenance } from "@parley/contracts/parley/mesh/v1/maintenance_pb.js";
import { streamInfo } from "../broker/ensure-stream.ts";
import { openBucket } from "../broker/key-value.ts";
import { notedIn, told } from "../maintenance/maintenance-board.ts";
import type { Check, Patient } from "./patient.ts";

/** The maintenances that are underway; none where no host has ever run. */
export async function maintenancesOf({
  broker,
  subjects,
  names,
}: Pick<Patient, "broker" | "subjects" | "names">): Promise<readonly Maintenance[]> {
  // Opening it would make it.
  if ((await streamInfo(broker, `KV_${names.bucket("maintenance")}`)) === undefined) return [];
  const bucket = await openBucket(broker, { namespace: subjects.namespace, purpose: "maintenance" });
  const all = [...(await bucket.entries()).values()].map(notedIn);
  return all.flatMap(({ note, maintenance }) => (note.endedBy === "" ? [maintenance] : []));
}

/** The maintenance that may hold back hearers of an instance: of the mesh, or of a package that it serves or hears. */
export function holdingBack(
  { services, hears }: AgentProfile,
  maintenances: readonly Maintenance[],
): Maintenance | undefined {
  const domains = new Set([...services, ...hears].map((name) => name.slice(0, name.lastIndexOf("."))));
  return maintenances.find(({ domain }) => domain === "" || domains.has(domain));
}

/** Whether agents only answer questions for now, and whether they should not any more. */
export const maintenances: Check = async (patient) =>
  (await maintenancesOf(patient)).map((maintenance) => {
    const { domain, expectedEnd } = maintenance;
    const endMs = expectedEnd === undefined ? undefined : timestampMs(expectedEnd);
    const isOver = endMs !== undefined && endMs < patient.now();
    const end = endMs === undefined ? "" : `; it ${isOver ? "was" : "is"} to end ${new Date(endMs).toISOString()}`;
    return {
      severity: isOver ? "warning" : "notice",
      code: "maintenance",
      where: domain === "" ? "the mesh" : domain,
      what: `There is ${told(maintenance)}: only questions are answered, commands and events wait${end}.`,
      next: `It does not end by itself: \`parley maintenance end${domain === "" ? "" : ` --domain ${domain}`}\`.`,
    };
  });
