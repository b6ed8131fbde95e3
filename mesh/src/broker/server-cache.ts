// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { randomUUID } from "node:crypto";
import { chmod, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeFolder } from "./make-folder.ts";
import { isAtLeast, serverFloor, versionIn } from "./server-version.ts";

/** A lock whose owner has not touched it for this long belongs to a process that died. */
const abandonedAfterMs = 10_000;
const touchEveryMs = 1_000;
const lookEveryMs = 50;

/** The folder where fetched servers are kept: `PARLEY_CACHE`, else `~/.cache/parley` (or below `XDG_CACHE_HOME`). */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const base = environment["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return environment["PARLEY_CACHE"] || join(base, "parley");
}

/** The newest cached server that is not below the floor; undefined when there is none. */
export async function cachedServer(cache: string): Promise<string | undefined> {
  const entries = await readdir(join(cache, "nats-server")).catch(() => []);
  const versions = entries.filter((entry) => versionIn(entry) === entry && isAtLeast(entry, serverFloor));
  const newest = versions.sort((a, b) => (isAtLeast(a, b) ? -1 : 1))[0];
  return newest === undefined ? undefined : join(cache, "nats-server", newest, "nats-server");
}

/** An empty folder inside the cache for one fetch; on the same file system, so that what it holds can be moved into place. */
export async function openFetchFolder(cache: string): Promise<AsyncDisposable & { readonly path: string }> {
  const path = join(cache, "nats-server", `.fetch-${randomUUID()}`);
  makeFolder(path);
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/**
 * Moves a fetched binary into the cache and returns its place there. In one step: nobody ever sees half of it; when another
 * process put the same version there first, that one stays.
 */
export async function putIntoCache(cache: string, binary: string, version: string): Promise<string> {
  const place = join(cache, "nats-server", version);
  const staged = join(cache, "nats-server", `.fetch-${randomUUID()}`);
  makeFolder(staged);
  await chmod(binary, 0o755);
  await rename(binary, join(staged, "nats-server"));
  try {
    await rename(staged, place);
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (!(await stat(join(place, "nats-server")).catch(() => undefined))) throw error;
  }
  return join(place, "nats-server");
}

/**
 * Runs `work` while no other process on this machine runs its own for the same cache. A lock left behind by a process that
 * died is taken over after ten seconds; should two take it over at once, both fetch, which costs time and tears nothing.
 */
export async function underCacheLock<T>(cache: string, work: () => Promise<T>): Promise<T> {
  const lock = join(cache, "nats-server", ".lock");
  makeFolder(join(cache, "nats-server"));
  while (!(await tryLock(lock))) await delay(lookEveryMs);
  const touching = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), touchEveryMs);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(lock, { force: true });
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const touched = await stat(lock).catch(() => undefined);
    if (touched !== undefined && Date.now() - touched.mtimeMs > abandonedAfterMs) await rm(lock, { force: true });
    return false;
  }
}
