// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { Page } from "./page.ts";
import { Wire } from "./wire.ts";

/** Programs that speak the DevTools protocol, in the order in which they are looked for on PATH. */
const programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"];
/** A browser that asks nobody but whom its pages ask; the sandbox needs rights that containers lack. */
const flags = [
  ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"],
  ...["--remote-debugging-port=0", "--window-size=1280,1000"],
];

/** The installed browser: `PARLEY_BROWSER`, else the first that is found on PATH; undefined when there is none. */
export function findBrowser(): string | undefined {
  const told = process.env["PARLEY_BROWSER"];
  if (told !== undefined && told !== "") return told;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return programs.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** A running browser without a window, with a profile of its own that goes when it is closed. */
export class Browser implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #wire: Wire;

  private constructor(started: { process: ChildProcess; profile: string; wire: Wire }) {
    this.#process = started.process;
    this.#profile = started.profile;
    this.#wire = started.wire;
  }

  static async start(program: string): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "parley-browser-"));
    const started = spawn(program, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const wire = await Wire.open(await addressOf(started));
    return new Browser({ process: started, profile, wire });
  }

  /** A new, empty page. */
  async page(): Promise<Page> {
    return await Page.open(this.#wire);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.#wire.send("Browser.close");
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The browser says on stderr where it listens. */
async function addressOf(started: ChildProcess): Promise<string> {
  const lines: string[] = [];
  if (started.stderr === null) throw new Error("the browser has no stderr");
  for await (const line of createInterface({ input: started.stderr })) {
    const address = /^DevTools listening on (\S+)/.exec(line)?.[1];
    if (address !== undefined) {
      started.stderr.resume();
      return address;
    }
    lines.push(line);
  }
  throw new Error(`the browser ended before it listened:\n${lines.join("\n")}`);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
