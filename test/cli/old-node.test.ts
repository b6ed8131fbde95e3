// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { execFile, execFileSync } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { root } from "../tools/source-files.ts";
import { bank } from "./bank/folder.ts";
import { Command, run, starter } from "./command.ts";

// Whole meshes are started here, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A Node on this machine that is too old to run us, if there is one. */
const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find((node) => majorOf(node) < 24);

function majorOf(node: string): number {
  try {
    return Number(
      execFileSync(node, ["-p", "parseInt(process.versions.node)"], { stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return Number.NaN;
  }
}

describe.skipIf(oldNode === undefined)("under an older Node", () => {
  const node = oldNode ?? "";

  test("the project's own Node takes over, with its exit codes", async () => {
    expect(await run(["--version"], { node })).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect((await run(["no-such-command"], { node })).code).toBe(1);
  });

  test("npx parley works", async () => {
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env["PATH"]}` };
    const { stdout } = await promisify(execFile)("npx", ["parley", "--version"], { cwd: root, env });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("signals are passed on", async () => {
    const state = await mkdtemp(join(tmpdir(), "parley-old-node-"));
    const mesh = new Command(["up", "--empty", "--port", "0", "--state", state], { node, cwd: bank });
    await mesh.shows(/^ready /m);
    mesh.process.kill("SIGTERM");
    expect(await mesh.ended()).toMatchObject({ code: 0, errors: "" });
    await rm(state, { recursive: true });
  });

  test("it says what to install where the project has no Node", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-old-node-"));
    const alone = join(folder, "parley.mjs");
    await copyFile(starter, alone);
    const { code, stderr } = await promisify(execFile)(node, [alone, "up"], { cwd: folder }).catch((error) => error);
    await rm(folder, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toMatch(/parley needs Node 24 or newer; this is \d+.*npm install --save-dev node/s);
  });
});
