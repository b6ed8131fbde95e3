// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

//
// A process of one agent, started by `parley up --processes`; it lives no longer than the one that started it.

import { setImmediate as turn } from "node:timers/promises";
import { type Host, host } from "@parley/mesh";
import { loadAgent } from "./project/modules.ts";
import type { AgentProcessInit, FromAgent, ToAgent } from "./up/agent-messages.ts";
import { UsageError } from "./usage-error.ts";

/** Milliseconds for draining when the starter is gone, and the broker most likely with it. */
const orphanDrainMs = 3_000;

let observing = false;
let hosted: Host | undefined;

// Ctrl-C at the terminal reaches every process: the starter decides in which order they end.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
process.on("SIGTERM", () => void end());
process.on("disconnect", () => {
  setTimeout(() => process.exit(1), orphanDrainMs);
  void end();
});
process.on("message", (message: ToAgent) => void receive(message));

await begin(JSON.parse(process.argv[2] ?? "{}"));

async function begin({ module, broker, observe }: AgentProcessInit): Promise<void> {
  observing = observe;
  try {
    const agent = await loadAgent(module);
    hosted = await host({
      agents: [agent],
      broker,
      observer: observe ? (observation) => observing && tell({ kind: "observed", observation }) : undefined,
    });
    tell({ kind: "ready", agent: agent.name, services: agent.serves.map(({ service }) => service.typeName) });
  } catch (error) {
    const hints = error instanceof UsageError ? error.hints : [];
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error), hints });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

async function receive(message: ToAgent): Promise<void> {
  switch (message.kind) {
    case "tell":
      await turn();
      return tell({ kind: "told" });
    case "unobserve":
      observing = false;
      return;
    case "drain":
      return end();
  }
}

async function end(): Promise<void> {
  await hosted?.drain();
  process.exit(0);
}

function tell(message: FromAgent): void {
  if (process.connected) process.send?.(message);
}
