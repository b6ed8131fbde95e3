// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readFileSync } from "node:fs";

/** Which process it is: its id alone may belong to another program later, above all in containers. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in the kernel's own count; unset where that cannot be known. */
  readonly began?: string | undefined;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, began: beganAt(process.pid) };
}

/** Whether a process is still there. */
export function isRunning({ pid, began }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not permitted to signal it: it exists.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  return began === undefined || beganAt(pid) === began;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  } catch {
    return undefined;
  }
}
