// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBroker, deleteNamespace } from "@parley/mesh/broker";
import { startLife } from "./agent-life.ts";
import type { Violation } from "./invariants.ts";
import type { Lane } from "./lanes.ts";
import { openLedger, readLedger } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import { readRecord } from "./record.ts";
import { settled } from "./settle.ts";

/** Where somebody dies while a dead letter is redriven: the operator, or the hearer that handles it again. */
export const redriveDeaths: readonly { readonly who: "operator" | "hearer"; readonly plan: Plan }[] = [
  { who: "operator", plan: { point: "redrive.decided", of: "", hit: 1, action: "die" } },
  { who: "operator", plan: { point: "redrive.sent", of: "", hit: 1, action: "die" } },
  { who: "operator", plan: { point: "redrive.removed", of: "", hit: 1, action: "die" } },
  { who: "hearer", plan: { point: "delivery.received", of: "mail", hit: 1, action: "die" } },
  { who: "hearer", plan: { point: "delivery.handled", of: "mail", hit: 1, action: "die" } },
];

const limitMs = 60_000;

/**
 * Window 15: a note that could not be mailed is redriven when it can be, and the operator or the hearer dies meanwhile; then all
 * dead letters are redriven once more. However often that is: one mail as the provider knows it, one event, one effect of it.
 */
export async function redrivenOnce(
  { server, namespace }: Lane,
  { who, plan }: (typeof redriveDeaths)[number],
): Promise<readonly Violation[]> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const broker = opened.use(await connectBroker({ url: server.url, name: "crash harness" }));
  opened.defer(() => deleteNamespace(broker, namespace));
  const ledger = join(folder, "ledger");
  openLedger(ledger);
  const where = { broker: server.url, namespace, ledger };
  const found: Violation[] = [];
  const deadline = Date.now() + limitMs;
  const quiet = async (when: string) => {
    if (!(await settled(broker, namespace, { deadline }))) found.push(`I8: events stay pending ${when}`);
  };

  const failing = opened.use(startLife(where));
  await failing.url;
  await failing.publish("poison-1");
  await quiet("before the redrive");
  failing.child.kill("SIGKILL");
  await failing.ended;
  const { dead } = await readRecord(broker, namespace);
  if (dead.length !== 1) found.push(`I8: ${dead.length} dead letters instead of one`);

  let hearer = opened.use(startLife({ ...where, agents: "cured", plan: who === "hearer" ? plan : undefined }));
  await hearer.url;
  for (const round of [1, 2]) {
    const dies = who === "operator" && round === 1;
    const operator = opened.use(startLife({ ...where, agents: "redriver", plan: dies ? plan : undefined }));
    await (dies ? operator.ended : operator.said("redriven"));
    if (dies && !operator.reached) found.push(`the operator never came to ${plan.point}`);
    operator.child.kill("SIGKILL");
    if (who === "hearer" && round === 1) {
      await hearer.ended;
      hearer = opened.use(startLife({ ...where, agents: "cured" }));
      await hearer.url;
    }
    await quiet(`after redrive ${round}`);
  }

  const record = await readRecord(broker, namespace);
  const mails = readLedger(ledger).flatMap((line) => (line.kind === "mail" ? [line.id] : []));
  const mailed = record.events.filter(({ type }) => type === "NoteMailed");
  const counted = record.journal.filter(({ type }) => type === "TallyCounted");
  if (new Set(mails).size !== 1) found.push(`I2: ${new Set(mails).size} mails as the provider knows them`);
  if (mailed.length !== 1) found.push(`I2: ${mailed.length} NoteMailed`);
  if (counted.length !== 1) found.push(`I2: ${counted.length} effects of NoteMailed`);
  if (record.dead.length > 0) found.push(`I8: ${record.dead.length} dead letters are left`);
  return found;
}
