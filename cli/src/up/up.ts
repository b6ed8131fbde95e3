// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { join } from "node:path";
import { type OpenedBroker, openBroker } from "@parley/mesh/broker";
import { Conversation } from "../demo/conversation.ts";
import { showDemo } from "../demo/show-demo.ts";
import { compiledContracts } from "../project/compiled-contracts.ts";
import { loadDemo, preload } from "../project/modules.ts";
import { type Project, requireProject } from "../project/project.ts";
import { claimState } from "../state/claim.ts";
import { namedStateFolder, stateFolder } from "../state/state-folder.ts";
import { styleFor } from "../terminal/style.ts";
import { UsageError } from "../usage-error.ts";
import { openDoors } from "./doors.ts";
import { inOneProcess } from "./one-process.ts";
import { inOwnProcesses } from "./own-processes.ts";
import { seedingOf } from "./seed.ts";
import { StopSignals } from "./stop-signals.ts";

/** A broker that takes longer to start is worth a word, in milliseconds. */
const slowMs = 3_000;

/** What was typed. */
export interface UpOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Of the public door; default: loopback. */
  readonly address?: string | undefined;
  /** The project's demo, or the module of another one. */
  readonly demo?: boolean | string | undefined;
  readonly exit?: boolean | undefined;
  readonly state?: string | undefined;
  readonly processes?: boolean | undefined;
  readonly empty?: boolean | undefined;
}

/**
 * Runs the project's mesh until a signal, or, with `exit`, until it is ready and the demo is over. What is opened is closed
 * in the opposite order: doors, agents, broker, state folder.
 *
 * @returns the exit code
 * @throws UsageError and MeshError when it cannot be started
 */
export async function up(options: UpOptions): Promise<number> {
  using stop = new StopSignals();
  const project = requireProject();
  const demo = options.demo ? await loadDemo(demoOf(project, options.demo)) : undefined;
  let conversation = demo === undefined ? undefined : new Conversation();
  const seed = seedingOf(project, { empty: options.empty ?? false });

  await using opened = new AsyncDisposableStack();
  const claim = opened.use(claimState(stateFolder(options.state)));
  preload([...project.agents, ...(project.seed === undefined ? [] : [project.seed])]);
  const broker = opened.use(await startBroker(join(claim.folder, "broker")));
  const place = options.processes ? inOwnProcesses : inOneProcess;
  const placement = opened.use(
    await place({
      modules: project.agents,
      broker: broker.url,
      observer: conversation && ((observation) => conversation?.observe(observation)),
      report,
    }),
  );
  const doors = opened.use(await openDoors(placement.host, { ...options, comments: compiledContracts(project) }));
  await seed(placement.host);
  const { url, operatorUrl } = doors;
  claim.announce({ url, operatorUrl, natsUrl: broker.url });
  stop.started();
  process.stdout.write(`ready ${url}\n`);

  let well = true;
  if (demo !== undefined && conversation !== undefined && !stop.requested) {
    const { host, told } = placement;
    const next = options.exit ? undefined : { url, state: namedStateFolder(options.state) };
    well = await showDemo({ demo, mesh: host, conversation, told, next });
    // The mesh goes on talking; nobody will read it.
    conversation = undefined;
  }
  if (options.exit) return well ? 0 : 1;
  if (process.stdout.isTTY) process.stdout.write(`${styleFor(process.stdout).dim("Ctrl-C ends it")}\n`);
  await stop.wait();
  return 0;
}

async function startBroker(storeDir: string): Promise<OpenedBroker> {
  const slow = setTimeout(() => report("still starting the broker; the first time, nats-server is fetched"), slowMs);
  try {
    return await openBroker({ storeDir });
  } finally {
    clearTimeout(slow);
  }
}

function demoOf({ demo, folder }: Project, wanted: string | true): string {
  if (typeof wanted === "string") return wanted;
  if (demo !== undefined) return demo;
  throw new UsageError(
    `"parley" in "${join(folder, "package.json")}" names no demo`,
    'Add "demo": "src/demo.ts", or leave --demo out.',
  );
}

function report(line: string): void {
  process.stderr.write(`${styleFor(process.stderr).yellow("parley:")} ${line}\n`);
}
