// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { UsageError } from "../usage-error.ts";
import { openFolder } from "../writable-folder.ts";
import { encodeMeshRecord, type MeshAddresses, meshFile, readMeshRecord } from "./mesh-file.ts";
import { isRunning, thisProcess } from "./running-process.ts";

/** A state folder that is this process's own until it is disposed of, or the process ends. */
export interface StateClaim extends Disposable {
  readonly folder: string;
  /** Tells other commands where the mesh answers. */
  announce(addresses: MeshAddresses): void;
}

/**
 * Takes a state folder; two meshes in one would write over each other's streams. What a process that is gone has left
 * there is taken over.
 *
 * @throws UsageError when another mesh uses it, or it cannot be written to
 */
export function claimState(folder: string): StateClaim {
  const file = meshFile(folder);
  const self = thisProcess();
  openFolder(folder, {
    what: `the state folder "${folder}" cannot be used`,
    next: "Name another with --state or PARLEY_STATE.",
  });
  if (!created(file, encodeMeshRecord({ ...self, addresses: undefined }))) {
    refuseIfRunning(folder);
    rmSync(file, { force: true });
    if (!created(file, encodeMeshRecord({ ...self, addresses: undefined }))) refuseIfRunning(folder);
  }
  const release = () => {
    process.off("exit", release);
    if (readMeshRecord(folder)?.pid === self.pid) rmSync(file, { force: true });
  };
  process.on("exit", release);
  return {
    folder,
    announce(addresses) {
      // By renaming: a reader never sees half a file.
      writeFileSync(`${file}.new`, encodeMeshRecord({ ...self, addresses }));
      renameSync(`${file}.new`, file);
    },
    [Symbol.dispose]: release,
  };
}

/** Creates the file, whole at once; false when it is there already. */
function created(file: string, content: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

function refuseIfRunning(folder: string): void {
  const record = readMeshRecord(folder);
  if (record === undefined || !isRunning(record)) return;
  const where = record.addresses === undefined ? "and is still starting" : `at ${record.addresses.url}`;
  throw new UsageError(
    `a mesh already runs on the state folder "${folder}", as process ${record.pid} ${where}`,
    "Stop it first, or give this one a folder of its own with --state or PARLEY_STATE.",
  );
}
