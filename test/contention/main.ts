// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

//
// npm run test:contention [-- CLIENTS]: that many clients (default 1000) want one slot at once, over the wire, the agents in a
// process each: undisturbed, then with the agent that keeps the calendars killed in the middle, then with the one that finds
// times. Ends with 1 when there is not exactly one winner, or somebody has no definite answer with alternatives.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "@parley/mesh/broker";
import { placeScheduling } from "../programs/scheduling-placement.ts";
import { type Contended, contend } from "./contend.ts";

const clients = Number(process.argv[2] ?? 1_000);
const storeDir = await mkdtemp(join(tmpdir(), "parley-contention-"));
const server = await startServer({ storeDir });
let isWell = true;
try {
  for (const kill of [undefined, "provider", "main"] as const) {
    await using placed = await placeScheduling("many", server.url);
    const contended = await contend(placed, { clients, kill });
    isWell &&= isRight(contended, clients);
    show(kill, contended);
  }
} finally {
  await server.stop();
  await rm(storeDir, { recursive: true, force: true });
}
process.exit(isWell ? 0 : 1);

function isRight({ winners, refused, withoutAlternatives, changed, announced }: Contended, expected: number): boolean {
  const others = [...refused.values()].reduce((sum, count) => sum + count, 0);
  return (
    winners.length === 1 && others === expected - 1 && withoutAlternatives === 0 && changed === 0 && announced === 1
  );
}

function show(kill: string | undefined, contended: Contended): void {
  const { winners, refused, withoutAlternatives, repeated, changed, announced, tookMs } = contended;
  const at = (share: number) => Math.round(tookMs[Math.floor((tookMs.length - 1) * share)] ?? Number.NaN);
  say(kill === undefined ? "undisturbed" : `the process of "${kill}" killed in the middle`);
  say(
    `  ${winners.length} winner, announced ${announced} time(s); others: ${[...refused].map(([reason, count]) => `${count} ${reason}`).join(", ")}`,
  );
  say(`  ${withoutAlternatives} without alternatives, ${changed} with another answer when they asked again`);
  say(
    `  ${repeated} calls brought no answer and were repeated; answers after p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, the last ${at(1)} ms`,
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
