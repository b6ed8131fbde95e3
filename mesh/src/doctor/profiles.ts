// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import type { AgentProfile } from "@parley/contracts/parley/mesh/v1/directory_pb.js";
import { streamInfo } from "../broker/ensure-stream.ts";
import { openBucket } from "../broker/key-value.ts";
import { decodeRecord } from "../directory/instance-record.ts";
import type { Patient } from "./patient.ts";

/** The instances that the directory holds; none where no host has ever made one. */
export async function profilesOf({
  broker,
  subjects,
  names,
}: Pick<Patient, "broker" | "subjects" | "names">): Promise<readonly AgentProfile[]> {
  // Opening it would make it.
  if ((await streamInfo(broker, `KV_${names.bucket("directory")}`)) === undefined) return [];
  const bucket = await openBucket(broker, { namespace: subjects.namespace, purpose: "directory" });
  return [...(await bucket.entries()).values()].flatMap(({ value }) => decodeRecord(value)?.profile ?? []);
}
