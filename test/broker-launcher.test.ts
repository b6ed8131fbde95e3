// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = join(import.meta.dirname, "programs", "launches-broker.ts");
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "parley-launcher-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs the program until its broker is ready. */
async function launch(ending?: string): Promise<{ readonly parent: ChildProcess; readonly broker: number }> {
  const parent = spawn(process.execPath, [program, folder, ...(ending === undefined ? [] : [ending])], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  return { parent, broker: Number.parseInt(line.toString(), 10) };
}

/** Resolves when no process has the id; a test that waits for ever fails by its time limit. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(20);
  }
}

test.each(["SIGKILL", "SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "a broker ends when %s ends its parent",
  async (signal) => {
    const { parent, broker } = await launch();
    expect(process.kill(broker, 0)).toBe(true);
    parent.kill(signal);
    await once(parent, "exit");
    await gone(broker);
  },
);

test.each(["end", "exit", "throw"])("a broker does not keep its parent alive and ends with it: %s", async (ending) => {
  const { parent, broker } = await launch(ending);
  if (parent.exitCode === null) await once(parent, "exit");
  expect(parent.exitCode).toBe(ending === "throw" ? 1 : 0);
  await gone(broker);
});

test("a broker that hangs is killed when its parent is gone", async () => {
  const { parent, broker } = await launch();
  process.kill(broker, "SIGSTOP");
  parent.kill("SIGKILL");
  await gone(broker);
});
