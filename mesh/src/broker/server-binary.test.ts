// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findServerBinary, type ServerSource } from "./server-binary.ts";
import { underCacheLock } from "./server-cache.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-binary-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that says it is a nats-server of that version. */
async function pretend(version: string, place: string): Promise<string> {
  const path = join(place, "nats-server");
  await mkdir(place, { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  await chmod(path, 0o755);
  return path;
}

function fetching(version: string): ServerSource & { fetched: number } {
  return {
    name: "pretended",
    fetched: 0,
    fetch(place) {
      this.fetched++;
      return pretend(version, place);
    },
  };
}

const failing: ServerSource = { name: "broken", fetch: () => Promise.reject(new Error("no network")) };

function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: join(folder, "path"), PARLEY_CACHE: join(folder, "cache"), ...more };
}

test("NATS_SERVER wins over everything else", async () => {
  await pretend("9.9.9", join(folder, "path"));
  const named = await pretend("2.14.5", join(folder, "named"));
  expect(await findServerBinary(environment({ NATS_SERVER: named }), [])).toBe(named);
});

test("a server below the floor that NATS_SERVER names is refused, not passed over", async () => {
  const named = await pretend("2.14.4", join(folder, "named"));
  const found = findServerBinary(environment({ NATS_SERVER: named }), [fetching("9.9.9")]);
  await expect(found).rejects.toMatchObject({ code: "BROKER_UNSUITABLE", message: expect.stringContaining("2.14.4") });
});

test("a NATS_SERVER that cannot be run is named", async () => {
  const found = findServerBinary(environment({ NATS_SERVER: "/nowhere/nats-server" }), [fetching("9.9.9")]);
  await expect(found).rejects.toMatchObject({
    code: "BROKER_NOT_FOUND",
    message: expect.stringContaining("/nowhere/nats-server"),
  });
});

test("the PATH comes before the cache, unless what is there is too old", async () => {
  const cached = await pretend("2.15.0", join(folder, "cache", "nats-server", "2.15.0"));
  const path = await pretend("2.14.6", join(folder, "path"));
  expect(await findServerBinary(environment(), [])).toBe(path);
  await pretend("2.9.10", join(folder, "path"));
  expect(await findServerBinary(environment(), [])).toBe(cached);
});

test("the newest of the cached ones is taken, by number and not by letter", async () => {
  await pretend("2.14.9", join(folder, "cache", "nats-server", "2.14.9"));
  const newest = await pretend("2.14.10", join(folder, "cache", "nats-server", "2.14.10"));
  await pretend("2.9.10", join(folder, "cache", "nats-server", "2.9.10"));
  expect(await findServerBinary(environment(), [])).toBe(newest);
});

test("what is fetched is cached: the next one does not fetch", async () => {
  const source = fetching("2.15.1");
  const first = await findServerBinary(environment(), [failing, source]);
  expect(first).toBe(join(folder, "cache", "nats-server", "2.15.1", "nats-server"));
  expect(await findServerBinary(environment(), [source])).toBe(first);
  expect(source.fetched).toBe(1);
});

test("many that ask at the same time fetch once, and nothing half-made is left in the cache", async () => {
  const source = fetching("2.15.1");
  const found = await Promise.all(Array.from({ length: 8 }, () => findServerBinary(environment(), [source])));
  expect(new Set(found).size).toBe(1);
  expect(source.fetched).toBe(1);
  expect(await readdir(join(folder, "cache", "nats-server"))).toEqual(["2.15.1"]);
});

test("a lock that a dead process left behind is taken over", async () => {
  const cache = join(folder, "cache");
  await mkdir(join(cache, "nats-server"), { recursive: true });
  await writeFile(join(cache, "nats-server", ".lock"), "1");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(join(cache, "nats-server", ".lock"), longAgo, longAgo);
  expect(await underCacheLock(cache, async () => "entered")).toBe("entered");
});

test("when nothing helps, the error says what was tried, why it failed and what to do", async () => {
  await pretend("2.9.10", join(folder, "path"));
  const old = fetching("2.10.0");
  const error = await findServerBinary(environment(), [failing, old]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "BROKER_NOT_FOUND" });
  expect(String(error)).toMatch(/2\.9\.10, older than 2\.14\.5.*broken: no network.*version 2\.10\.0/);
  expect(String(error)).toMatch(/NATS_SERVER.*PARLEY_NATS_URL/);
});

test("a cache folder that cannot be used is named", async () => {
  await writeFile(join(folder, "cache"), "a file");
  const found = findServerBinary(environment(), [fetching("2.15.1")]);
  await expect(found).rejects.toMatchObject({
    code: "BROKER_NOT_FOUND",
    message: expect.stringContaining(`cache "${join(folder, "cache")}"`),
  });
});
