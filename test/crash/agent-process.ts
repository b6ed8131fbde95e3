// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

// An agent process of the crash suite. What it says goes over one pipe, written at once: it may be dead a moment later.
import { readSync, writeSync } from "node:fs";
import { DeadLetterService } from "@parley/contracts/parley/mesh/v1/dead_letter_pb.js";
import { type Agent, host } from "@parley/mesh";
import { operatorAgent } from "@parley/mesh/operator";
import { listenToCrashPoints } from "../../mesh/src/crash-point.ts";
import { NoteTakenSchema } from "../gen/parley/crash/v1/teller_pb.js";
import type { Cast } from "./agent-life.ts";
import { errandAgents } from "./errand-agents.ts";
import { enter } from "./ledger.ts";
import { type Plan, passingName, type Word } from "./plan.ts";
import { olderTeller, tellerAgents } from "./teller-agents.ts";

const pipe = 4;
const ledger = process.env["CRASH_LEDGER"] ?? "";
const plan = JSON.parse(process.env["CRASH_PLAN"] ?? "null") as Plan | null;
const say = (word: Word) => void writeSync(pipe, `${JSON.stringify(word)}\n`);

const hits = new Map<string, number>();
listenToCrashPoints((point, of) => {
  const hit = (hits.get(`${point} ${of}`) ?? 0) + 1;
  hits.set(`${point} ${of}`, hit);
  const passing = { point, of, hit };
  say({ kind: "passed", ...passing });
  if (plan === null || passingName(plan) !== passingName(passing)) return;
  if (plan.action === "die") process.kill(process.pid, "SIGKILL");
  if (plan.action === "tell") say({ kind: "told", ...passing });
  if (plan.action === "hold") {
    say({ kind: "held", ...passing });
    // Blocks the whole process, timers and sockets included, until the harness writes.
    readSync(pipe, new Uint8Array(1));
  }
});

const scenario = (process.env["CRASH_AGENTS"] ?? "") as Cast | "";
const operator = operatorAgent();
const hosted = await host({
  agents: cast(),
  broker: process.env["CRASH_BROKER"],
  namespace: process.env["CRASH_NAMESPACE"],
  replicas: Number(process.env["CRASH_REPLICAS"]),
}).catch((error: unknown) => {
  // The broker may be away; another process is started then.
  if (scenario === "errands") process.exit(1);
  throw error;
});
operator.attach(hosted);
process.on("message", async ({ note }: { readonly note: string }) => {
  await hosted.publish(NoteTakenSchema, { note });
  say({ kind: "published", note });
});
// The harness is gone, whatever ended it.
process.on("disconnect", () => process.exit(1));
say({ kind: "ready", url: hosted.url });
if (scenario === "redriver") {
  const letters = hosted
    .client(DeadLetterService)
    .redriveDeadLetters({ all: true, perSecond: 1_000, author: "harness" });
  await Array.fromAsync(letters);
  say({ kind: "published", note: "redriven" });
}

function cast(): readonly Agent[] {
  const mail = (note: string, id: string) => enter(ledger, { kind: "mail", note, id });
  switch (scenario) {
    case "older":
      return [olderTeller()];
    case "errands":
      return errandAgents();
    case "redriver":
      return [operator.agent];
    case "cured":
    case "":
      return tellerAgents(mail, scenario === "cured");
  }
}
