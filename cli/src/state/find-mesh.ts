// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { UsageError } from "../usage-error.ts";
import { type MeshAddresses, meshFile, readMeshRecord } from "./mesh-file.ts";
import { isRunning } from "./running-process.ts";
import { stateFolder } from "./state-folder.ts";

/** How a command was told which mesh is meant. */
export interface MeshChoice {
  readonly url?: string | undefined;
  readonly state?: string | undefined;
}

/**
 * The operator's address of the mesh that is meant: `--url`, else `--state`, else PARLEY_URL, else the state folder that
 * `parley up` would use here.
 *
 * @throws UsageError when no mesh runs there; it says where was looked and what to start
 */
export function findMesh({ url, state }: MeshChoice): string {
  const named = url ?? (state === undefined ? process.env["PARLEY_URL"] : undefined);
  return named ? checkedUrl(named) : runningMesh(state).operatorUrl;
}

/**
 * Where the mesh of a state folder answers; default: of the one that `parley up` would use here.
 *
 * @param otherwise how else it can be named, for who finds none
 * @throws UsageError when no mesh runs there
 */
export function runningMesh(
  state: string | undefined,
  otherwise = "its address with --url or PARLEY_URL",
): MeshAddresses {
  const folder = stateFolder(state);
  const record = readMeshRecord(folder);
  const file = meshFile(folder);
  if (record === undefined) throw notFound(`"${file}" does not exist`, otherwise);
  if (!isRunning(record)) throw notFound(`"${file}" was left by process ${record.pid}, which is gone`, otherwise);
  if (record.addresses === undefined) {
    throw new UsageError(`the mesh of process ${record.pid} is still starting; repeat in a moment`);
  }
  return record.addresses;
}

function checkedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return url.replace(/\/+$/, "");
  throw new UsageError(`"${url}" is no http address; write one like "http://127.0.0.1:8080"`);
}

function notFound(why: string, otherwise: string): UsageError {
  return new UsageError(
    `no running mesh found: ${why}`,
    "Start one with `parley up`; name the state folder of another with --state or PARLEY_STATE,",
    `or ${otherwise}.`,
  );
}
