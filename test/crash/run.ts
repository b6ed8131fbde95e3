// SPDX-License-Identifier: Apache-2.0
// Copyright the Parley authors

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { connectBroker, deleteNamespace, type NatsServer } from "@parley/mesh/broker";
import { type AgentLife, startLife } from "./agent-life.ts";
import { ask } from "./ask.ts";
import { type Violation, violationsOf } from "./invariants.ts";
import { enter, openLedger, readLedger } from "./ledger.ts";
import { openLink } from "./link.ts";
import { type Passing, type Plan, passingName } from "./plan.ts";
import { readRecord } from "./record.ts";
import { hasten, settled } from "./settle.ts";
import { type Step, steps } from "./steps.ts";

/** Real milliseconds after which a run is a failure. */
const limitMs = 45_000;

/** What is done when an agent holds or tells. */
export type Fault =
  | { readonly kind: "none" }
  /** The broker is killed and started again; `delayMs` after the passing when the agent goes on meanwhile. */
  | { readonly kind: "kill-broker"; readonly delayMs: number }
  /** The broker stores what comes next, its answers are lost, and then the connection. */
  | { readonly kind: "lose-answers" }
  /** The connection is cut in the middle of the batch that comes next. */
  | { readonly kind: "half-batch" };

export interface RunOptions {
  readonly server: NatsServer;
  readonly namespace: string;
  /** What each agent process does, in the order in which they live; later ones live on. */
  readonly plans?: readonly Plan[] | undefined;
  readonly fault?: Fault | undefined;
  readonly mutant?: string | undefined;
}

export interface RunResult {
  readonly name: string;
  readonly violations: readonly Violation[];
  /** What each agent process passed. */
  readonly lives: readonly (readonly Passing[])[];
  /** Whether every plan was come to. */
  readonly reached: boolean;
  /** Whether the fault met what it was for: an answer that was lost, a batch that was cut. */
  readonly met: boolean;
  /** Deliveries to hearers, and how many there would have been without faults. */
  readonly deliveries: number;
  readonly messages: number;
  readonly tookMs: number;
}

/**
 * Runs the scenario once. The client repeats what gets no answer under the same key, an agent process that dies is followed by
 * another, and when all is quiet the client repeats everything once more.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { server, namespace, plans = [], fault = { kind: "none" }, mutant } = options;
  const started = Date.now();
  const deadline = started + limitMs;
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "parley-crash-"));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const ledger = join(folder, "ledger");
  openLedger(ledger);
  const broker = opened.use(await connectBroker({ url: server.url, name: "crash harness" }));
  opened.defer(() => deleteNamespace(broker, namespace));
  const link = opened.use(await openLink(server.port));
  const isOnLink = fault.kind === "lose-answers" || fault.kind === "half-batch";

  const lives: AgentLife[] = [];
  let isOver = false;
  let failedStarts = 0;
  let met = true;
  const inflict = async (life: AgentLife) => {
    await life.signalled;
    if (fault.kind === "lose-answers") await onLink(life, link.loseAnswers());
    if (fault.kind === "half-batch") await onLink(life, link.endBefore("Nats-Batch-Commit"));
    if (fault.kind !== "kill-broker") return;
    await delay(fault.delayMs);
    await server.kill();
    life.release();
    await server.restart();
  };
  const onLink = async (life: AgentLife, damaged: Promise<void>) => {
    life.release();
    met = await Promise.race([damaged.then(() => true), delay(1_000, false)]);
    link.cut();
  };
  const nextLife = () => {
    const plan = plans[lives.length];
    const life = startLife({ broker: isOnLink ? link.url : server.url, namespace, ledger, plan, mutant });
    lives.push(life);
    return life;
  };
  const faults: Promise<void>[] = [];
  const keepAlive = async () => {
    while (!isOver && failedStarts < 3) {
      const life = nextLife();
      faults.push(Promise.race([inflict(life), life.ended]));
      await life.ended;
      if (life.reached === false && (await life.url) === undefined && !isOver) failedStarts++;
      if (!isOver) await Promise.race([hasten(broker, namespace), delay(1_000)]);
    }
  };
  const kept = keepAlive();
  opened.defer(async () => {
    isOver = true;
    for (const life of lives) life.child.kill("SIGKILL");
    await kept;
    await Promise.allSettled(faults);
  });

  const agent = async (): Promise<{ readonly life: AgentLife; readonly url: string }> => {
    for (;;) {
      const life = lives.at(-1);
      const url = life?.isOver === true ? undefined : await life?.url;
      if (life !== undefined && url !== undefined && !life.isOver) return { life, url };
      if (Date.now() > deadline || failedStarts >= 3) throw new Error("no agent process gets ready");
      await delay(10);
    }
  };
  const violations: Violation[] = [];
  try {
    for (const step of steps) {
      if ("late" in step) await settled(broker, namespace, { deadline, confirmed: true });
      enter(ledger, { kind: "intent", reference: step.reference });
      const answer = step.kind === "note" ? await publishOnce(step.reference) : await callUntilDefinite(step);
      if (answer !== undefined) enter(ledger, { kind: "answer", reference: step.reference, answer });
    }
    if (!(await settled(broker, namespace, { deadline }))) violations.push("I8: events stay pending");
    for (const step of steps) {
      if (step.kind === "note") continue;
      enter(ledger, { kind: "answer", reference: step.reference, answer: await callUntilDefinite(step) });
    }
    if (!(await settled(broker, namespace, { deadline }))) violations.push("I8: events stay pending after repeats");
  } catch (error) {
    violations.push(`I3: ${String(error)}`);
  }
  const record = await readRecord(broker, namespace).catch((error: unknown) => {
    violations.push(`the streams cannot be read: ${String(error)}`);
  });
  if (record !== undefined) violations.push(...violationsOf({ steps, record, ledger: readLedger(ledger) }));
  const passed = lives.flatMap((life) => life.passed);
  return {
    name: [fault.kind, ...plans.map(passingName)].join(" "),
    violations,
    lives: lives.map((life) => [...life.passed]),
    reached: plans.every((_, index) => lives[index]?.reached === true),
    met,
    deliveries: passed.filter(({ point }) => point === "delivery.received").length,
    messages: (record?.events ?? []).filter(({ type }) => type !== "MoneyWithdrawn").length,
    tookMs: Date.now() - started,
  };

  async function publishOnce(note: string): Promise<Record<string, unknown> | undefined> {
    const { life } = await agent();
    return (await life.publish(note)) ? {} : undefined;
  }

  async function callUntilDefinite(step: Exclude<Step, { kind: "note" }>): Promise<Record<string, unknown>> {
    const { kind, late: _late, ...request } = { late: undefined, ...step };
    const method = kind === "deposit" ? "Deposit" : "Transfer";
    while (Date.now() < deadline) {
      const { url } = await agent();
      const answer = await ask(url, method, request);
      if (answer !== undefined) return answer;
      await delay(20);
    }
    throw new Error(`"${step.reference}" gets no definite answer`);
  }
}
