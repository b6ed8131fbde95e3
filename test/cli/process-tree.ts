// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { readdirSync, readFileSync } from "node:fs";

/** All processes below one, however deep. Linux only. */
export function descendants(pid: number): readonly number[] {
  const children = pids().filter((candidate) => parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Command line of a process, its words apart by spaces; empty when it is gone, or waits for nothing but being counted. */
export function commandLine(pid: number): string {
  return read(pid, "cmdline").replaceAll("\0", " ").trim();
}

function pids(): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0);
}

function parentOf(pid: number): number {
  const stat = read(pid, "stat");
  // The name before it may hold spaces and brackets.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
