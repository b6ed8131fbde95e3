// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join } from "node:path";
import { MeshError } from "../mesh-error.ts";
import { fetchFromDebian } from "./fetch-from-debian.ts";
import { fetchFromRelease } from "./fetch-from-release.ts";
import { fetchWithGo } from "./fetch-with-go.ts";
import { runCommand } from "./run-command.ts";
import { cachedServer, cacheFolder, openFetchFolder, putIntoCache, underCacheLock } from "./server-cache.ts";
import { isAtLeast, serverFloor, versionIn } from "./server-version.ts";

/** A way to get a server where none is installed: puts a binary into the folder and returns its path. */
export interface ServerSource {
  readonly name: string;
  fetch(folder: string): Promise<string>;
}

/** The ways in the order of trying: the quickest first. */
const defaultSources: readonly ServerSource[] = [
  { name: "Debian package", fetch: fetchFromDebian },
  { name: "release archive", fetch: (folder) => fetchFromRelease(folder) },
  { name: "go install", fetch: fetchWithGo },
];

/**
 * The path of a nats-server that is new enough: the one that `NATS_SERVER` names, the one on the PATH, the cached one, or a
 * fetched one (Debian package, release archive, `go install`), which is then cached. Fetching happens once per machine,
 * however many ask at the same time.
 *
 * @throws MeshError BROKER_UNSUITABLE when `NATS_SERVER` names a server below the floor; BROKER_NOT_FOUND with what was
 *   tried and why it failed when there is none.
 */
export async function findServerBinary(
  environment: NodeJS.ProcessEnv = process.env,
  sources: readonly ServerSource[] = defaultSources,
): Promise<string> {
  const named = environment["NATS_SERVER"];
  if (named) return checkNamed(named);
  const tried: string[] = [];
  const onPath = await newEnoughOnPath(environment, tried);
  if (onPath !== undefined) return onPath;
  const cache = cacheFolder(environment);
  return (await cachedServer(cache)) ?? (await fetchOnce(cache, sources, tried));
}

/** The version that a binary states about itself. */
export async function versionOf(binary: string): Promise<string> {
  const version = versionIn(await runCommand(binary, ["--version"], { timeoutMs: 10_000 }));
  if (version === undefined) throw new Error(`"${binary} --version" states no version`);
  return version;
}

/** @throws MeshError BROKER_UNSUITABLE when the version is below the floor. */
export function refuseOldServer(version: string, where: string): void {
  if (isAtLeast(version, serverFloor)) return;
  throw new MeshError({
    code: "BROKER_UNSUITABLE",
    message: `nats-server at "${where}" is version ${version}; the mesh needs ${serverFloor} or newer`,
  });
}

async function checkNamed(binary: string): Promise<string> {
  const version = await versionOf(binary).catch((cause: unknown) => {
    const message = `NATS_SERVER is "${binary}", which cannot be run; set it to the path of a nats-server, or unset it`;
    throw new MeshError({ code: "BROKER_NOT_FOUND", message, cause });
  });
  refuseOldServer(version, binary);
  return binary;
}

async function newEnoughOnPath(environment: NodeJS.ProcessEnv, tried: string[]): Promise<string | undefined> {
  for (const folder of (environment["PATH"] ?? "").split(":").filter((entry) => entry !== "")) {
    const binary = join(folder, "nats-server");
    const version = await versionOf(binary).catch(() => undefined);
    if (version === undefined) continue;
    if (isAtLeast(version, serverFloor)) return binary;
    tried.push(`PATH: "${binary}" is version ${version}, older than ${serverFloor}`);
  }
  if (tried.length === 0) tried.push("PATH: no nats-server");
  return undefined;
}

/** Only one process of this machine fetches; the others wait and then find the result in the cache. */
async function fetchOnce(cache: string, sources: readonly ServerSource[], tried: string[]): Promise<string> {
  try {
    return await underCacheLock(cache, async () => (await cachedServer(cache)) ?? fetchFirst(cache, sources, tried));
  } catch (cause) {
    if (cause instanceof MeshError) throw cause;
    tried.push(`cache "${cache}": ${cause instanceof Error ? cause.message : String(cause)}`);
    throw notFound(tried);
  }
}

async function fetchFirst(cache: string, sources: readonly ServerSource[], tried: string[]): Promise<string> {
  for (const source of sources) {
    try {
      await using folder = await openFetchFolder(cache);
      const binary = await source.fetch(folder.path);
      const version = await versionOf(binary);
      refuseOldServer(version, source.name);
      return await putIntoCache(cache, binary, version);
    } catch (error) {
      tried.push(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw notFound(tried);
}

function notFound(tried: readonly string[]): MeshError {
  const message =
    `no nats-server ${serverFloor} or newer was found or could be fetched; install one, set NATS_SERVER to its path, ` +
    `or PARLEY_NATS_URL to a running one. Tried: ${tried.join("; ")}`;
  return new MeshError({ code: "BROKER_NOT_FOUND", message });
}
