// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBroker, deleteNamespace } from "@parley/mesh/broker";
import { type AgentLife, startLife } from "./agent-life.ts";
import type { Violation } from "./invariants.ts";
import type { Lane } from "./lanes.ts";
import { readRecord } from "./record.ts";

/**
 * Window 13: a writer stands still between its decision and its append (SIGSTOP), longer than anybody waits for it. Meanwhile
 * another process decides about the same key, and is given the very request that the first one has in hand as well. Then the
 * first goes on: what it decided on is not true any more, and the request is done already.
 */
export async function stoppedWriter({ server, namespace }: Lane, mutant?: string): Promise<readonly Violation[]> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const broker = opened.use(await connectBroker({ url: server.url, name: "crash harness" }));
  opened.defer(() => deleteNamespace(broker, namespace));
  const where = { broker: server.url, namespace, ledger: join(folder, "ledger"), mutant };
  const stopped = opened.use(
    startLife({ ...where, plan: { point: "commit.before-append", of: "", hit: 1, action: "hold" } }),
  );
  const other = opened.use(startLife(where));

  const stale = deposit(stopped, "same");
  await stopped.signalled;
  stopped.child.kill("SIGSTOP");
  const first = await deposit(other, "other");
  const second = await deposit(other, "same");
  stopped.release();
  stopped.child.kill("SIGCONT");
  const third = await stale;

  const found: Violation[] = [];
  const { journal, events } = await readRecord(broker, namespace);
  const stored = [...new Map([...journal, ...events].map((event) => [event.id, event])).values()]
    .filter(({ type }) => type === "MoneyDeposited")
    .map(({ fields, place }) => `${place?.version} ${fields["reference"]}`)
    .sort();
  if (stored.join() !== "1 other,2 same") found.push(`I7: stored are ${stored.join(", ")}`);
  if (first !== 1 || second !== 2) found.push(`I3: the other writer was answered ${first} and ${second}`);
  if (third !== 2) found.push(`I3: the stopped writer answered ${third}, the same request had been answered 2`);
  return found;
}

async function deposit(life: AgentLife, reference: string): Promise<unknown> {
  const response = await fetch(`${await life.url}/parley.crash.v1.TellerService/Deposit`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account: "ann", amount: 1, reference }),
  });
  return ((await response.json()) as { balance?: number }).balance;
}
