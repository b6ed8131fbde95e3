// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { until } from "../tools/until.ts";
import { bank } from "./bank/folder.ts";
import { Command } from "./command.ts";
import { Lines } from "./lines.ts";
import { commandLine, descendants } from "./process-tree.ts";

// Whole meshes are started here, on a machine that may have much else to do.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const lines = new Lines();
afterAll(() => lines[Symbol.asyncDispose]());

let state: string;
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "parley-ending-"));
});
afterEach(() => rm(state, { recursive: true, force: true }));

interface Running {
  readonly mesh: Command;
  /** Broker and agents. */
  readonly below: readonly number[];
}

async function start(...args: readonly string[]): Promise<Running> {
  const mesh = new Command(["up", "--port", "0", "--state", state, ...args], { cwd: bank });
  await mesh.shows(/^ready /m);
  return { mesh, below: descendants(mesh.process.pid ?? 0) };
}

function agentsIn(below: readonly number[]): readonly number[] {
  return below.filter((pid) => commandLine(pid).includes("agent-process"));
}

async function gone(pids: readonly number[]): Promise<void> {
  await until(() => pids.every((pid) => commandLine(pid) === ""));
}

/** Ends a mesh as a terminal does it: everybody in the foreground gets the signal, more than once. */
async function interrupt({ mesh }: Running): Promise<void> {
  const below = descendants(mesh.process.pid ?? 0);
  for (const pid of [mesh.process.pid ?? 0, ...agentsIn(below), mesh.process.pid ?? 0]) process.kill(pid, "SIGINT");
  await mesh.ended();
  await gone(below);
  await expect(access(join(state, "mesh.json"))).rejects.toThrow("ENOENT");
}

// Processes are looked up as Linux shows them.
describe.skipIf(process.platform !== "linux")("a mesh", () => {
  test("in one process ends on Ctrl-C with exit code 0 and leaves nothing behind", async () => {
    const running = await start();
    expect(running.below.some((pid) => commandLine(pid).includes("nats-server"))).toBe(true);
    expect(agentsIn(running.below)).toEqual([]);
    await interrupt(running);
    expect(await running.mesh.ended()).toMatchObject({ code: 0, errors: "" });
  });

  test("of processes starts an agent again that died, with what it kept, and ends on Ctrl-C the same way", async () => {
    const running = await start("--processes");
    const { mesh, below } = running;
    expect(agentsIn(below)).toHaveLength(2);
    const [keeper = 0] = agentsIn(below).filter((pid) => commandLine(pid).includes("account.ts"));
    process.kill(keeper, "SIGKILL");
    await mesh.shows(/agent "test.account" \(account.ts\) ended: SIGKILL; starts again in 1 s/);
    await mesh.shows(/agent "test.account" runs again/);
    await until(async () => {
      const { output } = await lines.run(["call", "GetBalance", '{"account":"ada"}', "--state", state]);
      return output.includes('"10"');
    });
    await interrupt(running);
    const { code, errors } = await mesh.ended();
    expect({ code, errors: errors.split("\n") }).toEqual({
      code: 0,
      errors: [expect.stringContaining("starts again"), expect.stringContaining("runs again"), ""],
    });
  });

  test("that is killed takes broker and agents with it, and its state folder can be used again", async () => {
    const { mesh, below } = await start("--processes");
    mesh.process.kill("SIGKILL");
    await gone(below);
    expect(JSON.parse(await readFile(join(state, "mesh.json"), "utf8")).pid).toBe(mesh.process.pid);
    const again = await start();
    again.mesh.process.kill("SIGTERM");
    expect((await again.mesh.ended()).code).toBe(0);
  });

  test("that waits for a frozen agent ends at once at the next Ctrl-C", async () => {
    const { mesh, below } = await start("--processes");
    const [frozen = 0] = agentsIn(below);
    process.kill(frozen, "SIGSTOP");
    // Signals close together are one wish, so it takes more than two of these.
    await until(() => !mesh.process.kill("SIGINT"));
    expect(mesh.process.exitCode).toBe(130);
    process.kill(frozen, "SIGCONT");
    await gone(below);
  });
});

test("what a mesh that is gone left in the state folder is taken over, nonsense too", async () => {
  await mkdir(state, { recursive: true });
  for (const left of ['{"pid":2147483646,"url":"http://127.0.0.1:1"}', '{"pid":1,"began":"another time"}', "{"]) {
    await writeFile(join(state, "mesh.json"), left);
    const ended = await lines.run(["up", "--exit", "--empty", "--port", "0", "--state", state], { cwd: bank });
    expect(ended, left).toMatchObject({ code: 0, errors: "" });
  }
});

describe("a mesh that cannot start", () => {
  test("names the module that cannot be loaded, and leaves nothing behind", async () => {
    const agents = ["broken.ts"];
    await writeFile(join(state, "package.json"), JSON.stringify({ type: "module", parley: { agents } }));
    await writeFile(join(state, "broken.ts"), "throw new Error('out of order');\n");
    for (const args of [[], ["--processes"]]) {
      const { code, errors } = await lines.run(["up", "--port", "0", ...args], { cwd: state });
      expect(code).toBe(1);
      expect(errors).toMatch(/broken.ts" cannot be loaded\nError: out of order/);
    }
    await expect(access(join(state, ".parley/mesh.json"))).rejects.toThrow("ENOENT");
  });

  test("names the module of an agent that another version defined, and a state folder that cannot be made", async () => {
    const agents = ["old.ts"];
    await writeFile(join(state, "package.json"), JSON.stringify({ type: "module", parley: { agents } }));
    await writeFile(join(state, "old.ts"), 'export default { name: "old", serves: [], hears: [] };\n');
    const old = await lines.run(["up", "--port", "0"], { cwd: state });
    expect(old.errors).toMatch(
      /^parley: ".*old.ts" does not fit: agent "old" was defined by no version of @parley\/mesh /,
    );
    const nowhere = await lines.run(["up", "--port", "0", "--state", "/proc/parley/state"], { cwd: bank });
    expect(nowhere.errors).toMatch(/^parley: the state folder "\/proc\/parley\/state" cannot be used: ENOENT/);
    expect([old.code, nowhere.code]).toEqual([1, 1]);
  });

  test("says what a project is where there is none", async () => {
    const { code, errors } = await lines.run(["up", "--port", "0"], { cwd: state });
    expect(code).toBe(1);
    expect(errors).toMatch(/no package.json with a "parley" field in ".*" or above it\n.*"agents"/);
  });
});
