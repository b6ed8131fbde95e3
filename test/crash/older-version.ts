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
 * Window 18: while versions are mixed, an instance of the older one meets events that it does not know, and snapshots that
 * another version wrote. It must neither skip nor guess: it refuses that key, loudly, and serves the others.
 */
export async function olderVersion({ server, namespace }: Lane): Promise<readonly Violation[]> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const broker = opened.use(await connectBroker({ url: server.url, name: "crash harness" }));
  opened.defer(() => deleteNamespace(broker, namespace));
  const where = { broker: server.url, namespace, ledger: join(folder, "ledger") };
  const newer = opened.use(startLife(where));
  await newer.url;
  const older = opened.use(startLife({ ...where, agents: "older" }));

  const found: Violation[] = [];
  const expect = (holds: boolean, text: string) => void (holds || found.push(text));
  const deposited = await call(newer, "Deposit", { account: "ann", amount: 5, reference: "deposit-1" });
  expect(deposited["balance"] === 5, `I12: deposit answered ${JSON.stringify(deposited)}`);
  await call(newer, "Transfer", { from: "ann", to: "bob", amount: 3, reference: "transfer-1" });
  const refused = await call(older, "Deposit", { account: "ann", amount: 1, reference: "deposit-2" });
  expect(JSON.stringify(refused).includes("JOURNAL_AHEAD"), `I12: the older one answered ${JSON.stringify(refused)}`);
  const unconcerned = await call(older, "Deposit", { account: "cleo", amount: 1, reference: "deposit-3" });
  expect(unconcerned["balance"] === 1, `I12: the older one answered ${JSON.stringify(unconcerned)} for another key`);
  const after = await call(newer, "Deposit", { account: "ann", amount: 1, reference: "deposit-2" });
  expect(after["balance"] === 3, `I9: the newer one goes on with ${JSON.stringify(after)}`);
  const { journal, events } = await readRecord(broker, namespace);
  const stored = new Set([...journal, ...events].filter(({ fields }) => fields["reference"] === "deposit-2"));
  expect(stored.size > 0, "I1: what the newer one answered is not stored");
  const ids = new Set([...stored].map(({ id }) => id));
  expect(ids.size === 1, `I12: what was refused is stored: ${[...ids].join(", ")}`);
  return found;
}

async function call(life: AgentLife, method: string, request: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${await life.url}/parley.crash.v1.TellerService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  return (await response.json()) as Record<string, unknown>;
}
