// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system in memory, where there is one. */
const memory = "/dev/shm";
/** Far more than a run writes; containers often have 64 MiB. */
const neededBytes = 2 * 1024 ** 3;
const prefix = "parley-run-";

/** A folder for everything that a run of tests writes. */
export interface RunFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes the folder in memory where there is room: the brokers of tests write every message through to the disk, as all
 * brokers of the mesh do, and no test survives its machine. Otherwise it is where temporary folders are. What runs left
 * behind that were killed is removed.
 */
export async function makeRunFolder(): Promise<RunFolder> {
  const parent = (await hasRoom(memory)) ? memory : tmpdir();
  for (const left of await readdir(parent)) {
    if (isLeftBehind(left)) await rm(join(parent, left), { recursive: true, force: true });
  }
  const path = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

async function hasRoom(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize >= neededBytes;
  } catch {
    return false;
  }
}

/** Whether it is a run's folder, and that run's process is there no more. */
function isLeftBehind(name: string): boolean {
  const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
  if (Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}
